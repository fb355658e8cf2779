//! Which files a configuration was read from, and what was in them as far as that can be told without keeping secrets.

use std::cell::RefCell;
use std::fs;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crossway_watched::Stamp;
use zeroize::Zeroizing;

use super::tree::{Node, Value};

/// By what is known whether something is the same as it was when it was read before. Not for ever: another process has
/// others. Configurations are equal whatever these are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn differs(self, other: Fingerprint) -> bool {
        self.0 != other.0
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, _: &Fingerprint) -> bool {
        true
    }
}

/// Keyed, so that nothing can be learned of secrets.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A file that has to do with a configuration.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) path: PathBuf,
    /// What it was like before it was read; nothing if it was not there.
    pub(crate) stamp: Option<Stamp>,
    /// Whether whoever reads it looks after it as well: users and JWK sets.
    pub(crate) looked_after: bool,
    content: u64,
}

/// Those of one reading, in its order.
#[derive(Debug, Default)]
pub(crate) struct Files(RefCell<Vec<Named>>);

impl Files {
    /// What is in a file. It may be a secret.
    pub(crate) fn octets(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let stamp = Stamp::at(path);
        let octets = fs::read(path).map(Zeroizing::new);
        let content = octets.as_ref().map_or(0, |octets| KEYS.hash_one(&**octets));
        self.0.borrow_mut().push(Named { path: path.to_owned(), stamp, looked_after: false, content });
        octets
    }

    /// The same as text.
    pub(crate) fn text(&self, path: &Path) -> io::Result<Zeroizing<String>> {
        let octets = self.octets(path)?;
        let text = std::str::from_utf8(&octets)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// A file is read by somebody who looks after it.
    pub(crate) fn looked_after(&self, path: &Path) {
        let (path, stamp) = (path.to_owned(), Stamp::at(path));
        self.0.borrow_mut().push(Named { path, stamp, looked_after: true, content: 0 });
    }

    /// Of what follows, for [`fingerprint`](Self::fingerprint).
    pub(crate) fn mark(&self) -> usize {
        self.0.borrow().len()
    }

    /// What a part of the configuration says, together with the files that were read since the mark.
    pub(crate) fn fingerprint(&self, part: Option<&Node>, mark: usize) -> Fingerprint {
        let mut hasher = KEYS.build_hasher();
        part.inspect(|node| hash(node, &mut hasher));
        for Named { path, content, .. } in &self.0.borrow()[mark..] {
            (path, content).hash(&mut hasher);
        }
        Fingerprint(hasher.finish())
    }

    pub(crate) fn into_named(self) -> Vec<Named> {
        self.0.into_inner()
    }
}

/// Whatever a value says, and not where.
fn hash(node: &Node, hasher: &mut impl Hasher) {
    std::mem::discriminant(&node.value).hash(hasher);
    match &node.value {
        Value::Null => {}
        Value::Bool(value) => value.hash(hasher),
        Value::Integer(value) => value.hash(hasher),
        Value::Number(text) => text.hash(hasher),
        Value::String(text) | Value::Untyped(text) => text.as_bytes().hash(hasher),
        Value::List(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| hash(item, hasher));
        }
        Value::Table(entries) => {
            entries.len().hash(hasher);
            for entry in entries {
                entry.key.hash(hasher);
                hash(&entry.value, hasher);
            }
        }
    }
}
