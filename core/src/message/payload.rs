//! The payload of a message: a slice of the frame that is passed on unread.

use bytes::Bytes;

use crate::serializer::{Run, Serializer, Unrepresentable};
use crate::value::{Dict, Value, ValueBuilder};

/// `args` and `kwargs` of a message, in the spelling of the serializer that they came in.
///
/// Never two things that mean the same: an empty `kwargs` and, without it, an empty `args` are left out (MSG-13, MSG-14).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Payload {
    run: Bytes,
    count: usize,
}

impl Payload {
    /// No `args`, no `kwargs`.
    pub const fn none() -> Self {
        Payload { run: Bytes::new(), count: 0 }
    }

    /// `count` adjacent elements, `args` and perhaps `kwargs`.
    pub(crate) fn new(run: Bytes, count: usize) -> Self {
        Payload { run, count }
    }

    /// Writes `args` and `kwargs` with a serializer. For clients, and for what the router itself has to say.
    ///
    /// # Errors
    /// A value that the serializer can't express.
    pub fn write(
        args: &[Value],
        kwargs: &Dict,
        serializer: &dyn Serializer,
    ) -> Result<Self, Unrepresentable> {
        let count = if !kwargs.is_empty() { 2 } else { usize::from(!args.is_empty()) };
        let mut run = Vec::new();
        let mut writer = serializer.writer(&mut run);
        if count >= 1 {
            writer.begin_list(Some(args.len()))?;
            for value in args {
                value.walk(&mut *writer)?;
            }
            writer.end_list()?;
        }
        if count == 2 {
            kwargs.walk(&mut *writer)?;
        }
        writer.finish()?;
        Ok(Payload { run: run.into(), count })
    }

    /// Reads `args` and `kwargs` back.
    ///
    /// # Errors
    /// A value outside the WAMP data model, or a key that comes twice.
    pub fn read(&self, serializer: &dyn Serializer) -> Result<(Vec<Value>, Dict), Unrepresentable> {
        let mut builder = ValueBuilder::new();
        serializer.walk(&self.run, self.count, &mut builder)?;
        let mut values = builder.into_values().into_iter();
        let args = match values.next() {
            Some(Value::List(args)) => args,
            _ => Vec::new(),
        };
        let kwargs = match values.next() {
            Some(Value::Dict(kwargs)) => kwargs,
            _ => Dict::new(),
        };
        Ok((args, kwargs))
    }

    /// The same payload in the spelling of another serializer.
    ///
    /// # Errors
    /// A value that `to` can't express, or that `from` can't take out of its format.
    pub fn transcode(&self, from: &dyn Serializer, to: &dyn Serializer) -> Result<Payload, Unrepresentable> {
        let mut run = Vec::with_capacity(self.run.len());
        let mut writer = to.writer(&mut run);
        from.walk(&self.run, self.count, &mut *writer)?;
        writer.finish()?;
        Ok(Payload { run: run.into(), count: self.count })
    }

    /// The same payload in memory of its own: what is kept must not keep the whole frame that it came in.
    pub(crate) fn detached(&self) -> Payload {
        Payload { run: Bytes::copy_from_slice(&self.run), count: self.count }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.run.len()
    }

    /// Whether there is neither `args` nor `kwargs`.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many elements: 0, 1 (`args`) or 2 (and `kwargs`).
    pub fn count(&self) -> usize {
        self.count
    }

    /// The bytes, to be shared.
    pub fn bytes(&self) -> &Bytes {
        &self.run
    }

    /// The bytes, to be written.
    pub fn run(&self) -> Run<'_> {
        Run { raw: &self.run, count: self.count }
    }
}
