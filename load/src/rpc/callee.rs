//! Answers with what it was sent.

use serde_json::json;

use crate::error::Fault;
use crate::format::{Format, Reader, Template};
use crate::outbox::Outbox;
use crate::wamp::code;

/// All callees of a run; they differ in nothing.
#[derive(Debug)]
pub(super) struct Callee {
    format: Format,
    /// YIELD up to its arguments. The end of the list follows them.
    answer: Template,
}

impl Callee {
    pub(super) fn new(format: Format) -> Callee {
        Callee { format, answer: Template::up_to_last(format, &json!([code::YIELD, null, {}, null])) }
    }

    #[inline]
    pub(super) fn message(&self, message: &[u8], lane: u32, out: &mut Outbox) -> Result<(), Fault> {
        let (mut reader, code) = Reader::message(self.format, message)?;
        if !matches!(code, code::INVOCATION | code::CALL) {
            return Err(Fault::unexpected(self.format, message));
        }
        let id = reader.uint()?;
        reader.skip()?;
        reader.skip()?;
        let arguments = reader.skip()?;
        out.message(lane, |octets| {
            self.answer.fill(&[id], octets);
            octets.extend_from_slice(arguments);
            self.format.end(octets, b']');
        });
        Ok(())
    }
}
