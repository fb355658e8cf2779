//! Writes values: integers and lengths in the smallest width, floats as doubles.
//!
//! A list or dictionary begins with its length. Where the source does not know it beforehand (JSON, indefinite lengths), one byte is left
//! free, and the headers that turn out to be longer are put in at the end, all in one pass: shifting at every end would
//! let a deeply nested payload be moved once per level.

use crossway_core::serializer::{HeadItem, RunWriter, Unrepresentable, Visitor};
use crossway_core::{Dict, Value};

/// The list header of a message and its head items. `count` more elements are to follow.
pub(crate) fn head(items: &[HeadItem<'_>], count: usize, out: &mut Vec<u8>) {
    header(out, LIST, (items.len() + count) as u64);
    for item in items {
        match item {
            HeadItem::Uint(number) => header(out, UINT, *number),
            HeadItem::Text(text) => self::text(out, text),
            HeadItem::Dict(dict) => self::dict(out, dict),
        }
    }
}

fn dict(out: &mut Vec<u8>, dict: &Dict) {
    header(out, DICT, dict.len() as u64);
    for (key, value) in dict.iter() {
        text(out, key);
        self::value(out, value);
    }
}

fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(truth) => out.push(FALSE + u8::from(*truth)),
        Value::Uint(number) => header(out, UINT, *number),
        Value::Int(number) => int(out, *number),
        Value::Float(number) => float(out, *number),
        Value::Text(text) => self::text(out, text),
        Value::Bytes(bytes) => self::bytes(out, bytes),
        Value::List(items) => {
            header(out, LIST, items.len() as u64);
            items.iter().for_each(|item| self::value(out, item));
        }
        Value::Dict(dict) => self::dict(out, dict),
    }
}

/// Major types, in the three bits where they stand.
const UINT: u8 = 0x00;
const NEGATIVE: u8 = 0x20;
const BYTES: u8 = 0x40;
const TEXT: u8 = 0x60;
const LIST: u8 = 0x80;
const DICT: u8 = 0xa0;

const FALSE: u8 = 0xf4;
const NULL: u8 = 0xf6;
const DOUBLE: u8 = 0xfb;

/// A major type with its number or length.
fn header(out: &mut Vec<u8>, major: u8, number: u64) {
    match number {
        0..=23 => out.push(major | number as u8),
        24..=0xff => out.extend_from_slice(&[major | 24, number as u8]),
        0x100..=0xffff => tagged(out, major | 25, (number as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => tagged(out, major | 26, (number as u32).to_be_bytes()),
        _ => tagged(out, major | 27, number.to_be_bytes()),
    }
}

fn int(out: &mut Vec<u8>, number: i64) {
    // CBOR spells a negative number as its distance from -1, which is its complement.
    if number < 0 { header(out, NEGATIVE, !number as u64) } else { header(out, UINT, number as u64) }
}

fn float(out: &mut Vec<u8>, number: f64) {
    tagged(out, DOUBLE, number.to_be_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    header(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    header(out, BYTES, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[inline]
fn tagged<const N: usize>(out: &mut Vec<u8>, first: u8, bytes: [u8; N]) {
    out.push(first);
    out.extend_from_slice(&bytes);
}

/// Writes a run from the values it is shown.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    open: Vec<Open>,
    late: Vec<Late>,
    refused: Option<Unrepresentable>,
}

/// A list or dictionary that has not ended yet.
struct Open {
    /// [`LIST`] or [`DICT`].
    major: u8,
    /// Where its header stands.
    at: usize,
    announced: Option<usize>,
    /// Values shown so far; in a dictionary the keys count too.
    shown: usize,
}

/// A header that needs more than the one byte left free at `at`.
struct Late {
    at: usize,
    major: u8,
    len: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Writer { out, open: Vec::new(), late: Vec::new(), refused: None }
    }

    /// Counts a value, and says where to write it.
    fn next(&mut self) -> &mut Vec<u8> {
        if let Some(open) = self.open.last_mut() {
            open.shown += 1;
        }
        self.out
    }

    fn begin(&mut self, major: u8, announced: Option<usize>) -> Result<(), Unrepresentable> {
        let out = self.next();
        let at = out.len();
        header(out, major, announced.unwrap_or(0) as u64);
        self.open.push(Open { major, at, announced, shown: 0 });
        Ok(())
    }

    fn end(&mut self, major: u8) -> Result<(), Unrepresentable> {
        let Some(open) = self.open.pop().filter(|open| open.major == major) else {
            return self.refuse("an end without its beginning");
        };
        if major == DICT && open.shown % 2 == 1 {
            return self.refuse("a key without a value");
        }
        let len = if major == DICT { open.shown / 2 } else { open.shown };
        match open.announced {
            Some(announced) if announced == len => {}
            Some(_) => return self.refuse("a length that was announced wrongly"),
            None if len < 24 => self.out[open.at] |= len as u8,
            None => self.late.push(Late { at: open.at, major, len }),
        }
        Ok(())
    }

    fn refuse(&mut self, what: &'static str) -> Result<(), Unrepresentable> {
        let refused = Unrepresentable::new(what);
        self.refused = Some(refused.clone());
        Err(refused)
    }

    /// Puts the long headers in, from the last to the first, so that every byte moves once.
    fn put_late_headers(&mut self) {
        self.late.sort_unstable_by_key(|late| late.at);
        let mut scratch = Vec::new();
        let mut growth: usize = self.late.iter().map(|late| header_width(late.len) - 1).sum();
        let mut end = self.out.len();
        self.out.resize(end + growth, 0);
        for late in self.late.drain(..).rev() {
            self.out.copy_within(late.at + 1..end, late.at + 1 + growth);
            scratch.clear();
            header(&mut scratch, late.major, late.len as u64);
            growth -= scratch.len() - 1;
            self.out[late.at + growth..][..scratch.len()].copy_from_slice(&scratch);
            end = late.at;
        }
    }
}

fn header_width(len: usize) -> usize {
    match len {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

impl Visitor for Writer<'_> {
    fn null(&mut self) -> Result<(), Unrepresentable> {
        self.next().push(NULL);
        Ok(())
    }
    fn bool(&mut self, truth: bool) -> Result<(), Unrepresentable> {
        self.next().push(FALSE + u8::from(truth));
        Ok(())
    }
    fn uint(&mut self, number: u64) -> Result<(), Unrepresentable> {
        header(self.next(), UINT, number);
        Ok(())
    }
    fn int(&mut self, number: i64) -> Result<(), Unrepresentable> {
        int(self.next(), number);
        Ok(())
    }
    fn float(&mut self, number: f64) -> Result<(), Unrepresentable> {
        float(self.next(), number);
        Ok(())
    }
    fn text(&mut self, text: &str) -> Result<(), Unrepresentable> {
        self::text(self.next(), text);
        Ok(())
    }
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unrepresentable> {
        self::bytes(self.next(), bytes);
        Ok(())
    }
    fn begin_list(&mut self, len: Option<usize>) -> Result<(), Unrepresentable> {
        self.begin(LIST, len)
    }
    fn end_list(&mut self) -> Result<(), Unrepresentable> {
        self.end(LIST)
    }
    fn begin_dict(&mut self, len: Option<usize>) -> Result<(), Unrepresentable> {
        self.begin(DICT, len)
    }
    fn end_dict(&mut self) -> Result<(), Unrepresentable> {
        self.end(DICT)
    }
}

impl RunWriter for Writer<'_> {
    fn finish(mut self: Box<Self>) -> Result<(), Unrepresentable> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        if !self.open.is_empty() {
            return Err(Unrepresentable::new("a list or dictionary that does not end"));
        }
        self.put_late_headers();
        Ok(())
    }
}
