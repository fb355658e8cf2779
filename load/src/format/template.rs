//! Messages that are sent over and over.

use serde_json::Value;

use super::Format;

/// A message whose octets are prepared, but for the numbers that differ from one to the next:
///
/// ```text
///   json!([48, null, {}, "com.example", [7, null, "text"]])
///    pieces   [48,·    ·,{},"com.example",[7,·    ·,"text"]]
///    numbers       id                         number
/// ```
#[derive(Clone, Debug)]
pub(crate) struct Template {
    format: Format,
    octets: Vec<u8>,
    /// Where the numbers stand between the pieces.
    holes: Vec<usize>,
}

impl Template {
    /// `null` stands for the numbers.
    pub(crate) fn new(format: Format, message: &Value) -> Template {
        let (octets, holes) = format.encode_around_null(message);
        Template { format, octets, holes }
    }

    /// Without what stands at the last `null` and behind it.
    pub(crate) fn up_to_last(format: Format, message: &Value) -> Template {
        let mut template = Template::new(format, message);
        let end = template.holes.pop().unwrap_or(template.octets.len());
        template.octets.truncate(end);
        template
    }

    /// Writes the message with `numbers` in the order of the holes, and behind them what is left.
    #[inline]
    pub(crate) fn fill(&self, numbers: &[u64], out: &mut Vec<u8>) {
        debug_assert_eq!(numbers.len(), self.holes.len());
        let mut from = 0;
        for (&hole, &number) in self.holes.iter().zip(numbers) {
            out.extend_from_slice(&self.octets[from..hole]);
            self.format.uint(out, number);
            from = hole;
        }
        out.extend_from_slice(&self.octets[from..]);
    }
}
