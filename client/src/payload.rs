//! Arguments on their way out, and the builder methods that all requests share.

use crossway_core::message::Payload;
use crossway_core::serializer::{Serializer, Unrepresentable};
use crossway_core::{Dict, Value};

/// `args` and `kwargs` before they are spelt.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) args: Vec<Value>,
    pub(crate) kwargs: Dict,
}

impl Arguments {
    pub(crate) fn spell(&self, serializer: &dyn Serializer) -> Result<Payload, Unrepresentable> {
        Payload::write(&self.args, &self.kwargs, serializer)
    }
}

/// `arg`, `args`, `kwarg` and `kwargs` for a `#[must_use]` builder with a field `arguments`.
macro_rules! takes_arguments {
    () => {
        /// Adds an argument.
        pub fn arg(mut self, value: impl Into<crossway_core::Value>) -> Self {
            self.arguments.args.push(value.into());
            self
        }

        /// Adds arguments.
        pub fn args<V: Into<crossway_core::Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
            self.arguments.args.extend(values.into_iter().map(Into::into));
            self
        }

        /// Adds a keyword argument; a second one of the same name replaces the first.
        pub fn kwarg(mut self, key: impl Into<String>, value: impl Into<crossway_core::Value>) -> Self {
            self.arguments.kwargs.insert(key, value);
            self
        }

        /// Replaces all keyword arguments.
        pub fn kwargs(mut self, kwargs: crossway_core::Dict) -> Self {
            self.arguments.kwargs = kwargs;
            self
        }
    };
}
pub(crate) use takes_arguments;
