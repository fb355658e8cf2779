//! The names of formats where peers agree on one by name: `wamp.2.json`, `wamp.2.json.batched`.

use std::fmt;
use std::sync::Arc;

use crossway_core::serializer::Serializer;

use crate::Batching;

/// A format, with or without batches.
#[derive(Clone, Debug)]
pub struct Subprotocol {
    /// The format.
    pub serializer: Arc<dyn Serializer>,
    /// How messages are told apart in a batch; `None`: each comes alone.
    pub batching: Option<Batching>,
}

impl Subprotocol {
    /// What is called `name` among those that are made of `serializers`.
    pub fn find(serializers: &[Arc<dyn Serializer>], name: &str) -> Option<Self> {
        let name = name.strip_prefix("wamp.2.")?;
        let (format, batched) = match name.strip_suffix(".batched") {
            Some(format) => (format, true),
            None => (name, false),
        };
        let serializer = serializers.iter().find(|serializer| serializer.name() == format)?;
        Some(Self::of(serializer, batched))
    }

    /// All that are made of `serializers`: each of them alone, then in batches.
    pub fn all(serializers: &[Arc<dyn Serializer>]) -> impl Iterator<Item = Self> {
        [false, true]
            .into_iter()
            .flat_map(move |batched| serializers.iter().map(move |s| Self::of(s, batched)))
    }

    fn of(serializer: &Arc<dyn Serializer>, batched: bool) -> Self {
        let batching = batched.then(|| Batching::of(serializer.as_ref()));
        Subprotocol { serializer: Arc::clone(serializer), batching }
    }
}

impl fmt::Display for Subprotocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batched = if self.batching.is_some() { ".batched" } else { "" };
        write!(f, "wamp.2.{}{batched}", self.serializer.name())
    }
}

#[cfg(test)]
mod tests;
