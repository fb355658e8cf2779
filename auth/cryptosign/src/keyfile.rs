//! Key files, in the format that Autobahn and Crossbar read and write:
//!
//! ```text
//!   Anything, up to the first empty line.
//!
//!   public-key-ed25519: 7326d9dc0307681cc6940fde0e60eb31a6e4d642a81e55c434462ce31f95deed
//!   private-key-ed25519: f750f42b0430e28a2e272c3cedcae4dcc4a1cf33bc345c35099d3322626ab666
//! ```

use zeroize::Zeroizing;

use crate::hex;
use crate::key::{KeyError, PrivateKey, PublicKey};

const PUBLIC: &str = "public-key-ed25519";
const PRIVATE: &str = "private-key-ed25519";

/// The text of a key file, with `title` as its first line.
pub fn write(key: &PrivateKey, title: &str) -> Zeroizing<String> {
    let title = title.trim();
    Zeroizing::new(format!("{title}\n\n{PUBLIC}: {}\n{PRIVATE}: {}\n", key.public(), *key.reveal()))
}

/// The private key in a key file. Of other lines only the public key is looked at: it has to be the one of the private key.
pub(crate) fn read(text: &str) -> Result<PrivateKey, KeyError> {
    let tags =
        text.lines().skip_while(|line| !line.trim().is_empty()).filter_map(|line| line.split_once(':'));
    let value = |name: &str| {
        let mut values = tags.clone().filter(|(tag, _)| tag.trim().eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim())
    };
    let seed = hex::decode(value(PRIVATE).ok_or(KeyError::NoPrivateKey)?).ok_or(KeyError::NotHex)?;
    let key = PrivateKey::of(Zeroizing::new(seed));
    match value(PUBLIC).map(PublicKey::parse) {
        None => Ok(key),
        Some(public) if public? == key.public() => Ok(key),
        Some(_) => Err(KeyError::Mismatch),
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::key::{KeyError, PrivateKey};

    #[test]
    fn a_key_file_reads_as_it_is_written() {
        let key = PrivateKey::generate().expect("randomness");
        let text = write(&key, "For a test.\n");
        assert!(text.starts_with("For a test.\n\npublic-key-ed25519: "), "{}", *text);
        assert_eq!(PrivateKey::parse(&text).expect("a key file").public(), key.public());
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let one = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
        let other = PrivateKey::generate().expect("randomness").public();
        for (text, error) in [
            (String::new(), KeyError::NoPrivateKey),
            (one[1..].to_owned(), KeyError::NoPrivateKey),
            // Above the empty line everything is a comment.
            (format!("private-key-ed25519: {one}\n"), KeyError::NoPrivateKey),
            (format!("\npublic-key-ed25519: {other}\n"), KeyError::NoPrivateKey),
            (format!("\nprivate-key-ed25519: {}\n", &one[2..]), KeyError::NotHex),
            (format!("\npublic-key-ed25519: {other}\nprivate-key-ed25519: {one}\n"), KeyError::Mismatch),
        ] {
            assert_eq!(PrivateKey::parse(&text).map(|_| ()), Err(error), "{text}");
        }
    }
}
