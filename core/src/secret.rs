//! Text that must not be seen by who has no business with it.
//!
//! Law: wiped when it is dropped, and never shown, not even by `Debug`. Where it was read from is another matter: buffers that
//! received it are not ours to wipe.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A ticket, a signature, a cookie, a token. Reads as the text that it is.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    /// Without a copy.
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret(text.to_owned())
    }
}

impl From<Cow<'_, str>> for Secret {
    fn from(text: Cow<'_, str>) -> Self {
        Secret(text.into_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_and_leaves_nothing_behind() {
        fn is_wiped<T: ZeroizeOnDrop>(_: &T) {}
        let mut secret = Secret::from("sesame");
        is_wiped(&secret);
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
        assert_eq!(&*secret, "sesame");
        secret.zeroize();
        assert_eq!(&*secret, "");
    }
}
