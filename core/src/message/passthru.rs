//! Payload passthru mode: how a payload says what it is wrapped in.

use super::options::attribute;
use crate::error::Violation;
use crate::value::{Dict, Value};

/// The `ppt_*` attributes of a message. The router reads whether there is a scheme, and passes all of them on (PPT-13,
/// PPT-15).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passthru(Option<Box<Dict>>);

const SCHEME: &str = "ppt_scheme";
const KEYS: [&str; 4] = [SCHEME, "ppt_serializer", "ppt_cipher", "ppt_keyid"];

impl Passthru {
    /// Reads them from a dictionary whose other entries do not matter: `ERROR.Details`.
    ///
    /// # Errors
    /// One of them is no string.
    pub fn from_dict(message: &'static str, dict: &Dict) -> Result<Self, Violation> {
        let mut ppt = Passthru::default();
        for (key, value) in dict.iter().filter(|(key, _)| KEYS.contains(key)) {
            ppt.read(message, key, value.clone())?;
        }
        Ok(ppt)
    }

    /// Whether the message uses payload passthru mode: a scheme that is present and not empty (PPT-02).
    pub fn is_used(&self) -> bool {
        self.scheme().is_some_and(|scheme| !scheme.is_empty())
    }

    /// `ppt_scheme`.
    pub fn scheme(&self) -> Option<&str> {
        self.0.as_ref()?.get(SCHEME)?.as_text()
    }

    /// Length of the longest of them, in bytes.
    pub fn longest(&self) -> usize {
        let texts = self.0.iter().flat_map(|attributes| attributes.iter());
        texts.filter_map(|(_, text)| text.as_text()).map(str::len).max().unwrap_or(0)
    }

    /// How many bytes they are together, about.
    pub fn size(&self) -> usize {
        let texts = self.0.iter().flat_map(|attributes| attributes.iter());
        texts.map(|(key, text)| key.len() + text.as_text().map_or(0, str::len)).sum()
    }

    /// Adds them to a dictionary, if they are used.
    pub fn write(self, dict: &mut Dict) {
        if self.is_used() {
            for (key, value) in self.0.into_iter().flat_map(|attributes| *attributes) {
                dict.insert(key, value);
            }
        }
    }

    pub(super) fn knows(&self, key: &str) -> bool {
        KEYS.contains(&key)
    }

    pub(super) fn read(&mut self, message: &'static str, key: &str, value: Value) -> Result<(), Violation> {
        let Some(key) = KEYS.into_iter().find(|known| *known == key) else { return Ok(()) };
        let text: String = attribute(message, key, value)?;
        self.0.get_or_insert_default().insert(key, text);
        Ok(())
    }
}
