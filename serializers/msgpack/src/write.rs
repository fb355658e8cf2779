//! Writes values: integers and lengths in the smallest width, floats as float64.
//!
//! A list or dictionary begins with its length. Where the source does not know it beforehand (JSON), one byte is left
//! free, and the headers that turn out to be longer are put in at the end, all in one pass: shifting at every end would
//! let a deeply nested payload be moved once per level.

use crossway_core::serializer::{HeadItem, RunWriter, Unrepresentable, Visitor};
use crossway_core::{Dict, Value};

/// The list header of a message and its head items. `count` more elements are to follow.
pub(crate) fn head(items: &[HeadItem<'_>], count: usize, out: &mut Vec<u8>) {
    list_header(out, items.len() + count);
    for item in items {
        match item {
            HeadItem::Uint(number) => uint(out, *number),
            HeadItem::Text(text) => self::text(out, text),
            HeadItem::Dict(dict) => self::dict(out, dict),
        }
    }
}

fn dict(out: &mut Vec<u8>, dict: &Dict) {
    dict_header(out, dict.len());
    for (key, value) in dict.iter() {
        text(out, key);
        self::value(out, value);
    }
}

fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0xc0),
        Value::Bool(truth) => out.push(0xc2 + u8::from(*truth)),
        Value::Uint(number) => uint(out, *number),
        Value::Int(number) => int(out, *number),
        Value::Float(number) => float(out, *number),
        Value::Text(text) => self::text(out, text),
        Value::Bytes(bytes) => self::bytes(out, bytes),
        Value::List(items) => {
            list_header(out, items.len());
            items.iter().for_each(|item| self::value(out, item));
        }
        Value::Dict(dict) => self::dict(out, dict),
    }
}

fn uint(out: &mut Vec<u8>, number: u64) {
    match number {
        0..=0x7f => out.push(number as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, number as u8]),
        0x100..=0xffff => tagged(out, 0xcd, (number as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => tagged(out, 0xce, (number as u32).to_be_bytes()),
        _ => tagged(out, 0xcf, number.to_be_bytes()),
    }
}

fn int(out: &mut Vec<u8>, number: i64) {
    match number {
        0.. => uint(out, number as u64),
        -0x20..=-1 => out.push(number as u8),
        -0x80..=-0x21 => out.extend_from_slice(&[0xd0, number as u8]),
        -0x8000..=-0x81 => tagged(out, 0xd1, (number as i16).to_be_bytes()),
        -0x8000_0000..=-0x8001 => tagged(out, 0xd2, (number as i32).to_be_bytes()),
        _ => tagged(out, 0xd3, number.to_be_bytes()),
    }
}

fn float(out: &mut Vec<u8>, number: f64) {
    tagged(out, 0xcb, number.to_be_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    match text.len() {
        len @ 0..=0x1f => out.push(0xa0 | len as u8),
        len @ 0x20..=0xff => out.extend_from_slice(&[0xd9, len as u8]),
        len => long_header(out, 0xda, len),
    }
    out.extend_from_slice(text.as_bytes());
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        len @ 0..=0xff => out.extend_from_slice(&[0xc4, len as u8]),
        len => long_header(out, 0xc5, len),
    }
    out.extend_from_slice(bytes);
}

fn list_header(out: &mut Vec<u8>, len: usize) {
    match len {
        0..=0x0f => out.push(0x90 | len as u8),
        _ => long_header(out, 0xdc, len),
    }
}

fn dict_header(out: &mut Vec<u8>, len: usize) {
    match len {
        0..=0x0f => out.push(0x80 | len as u8),
        _ => long_header(out, 0xde, len),
    }
}

/// `first` is the type byte of the 16-bit form; the 32-bit form is the next one.
fn long_header(out: &mut Vec<u8>, first: u8, len: usize) {
    match u16::try_from(len) {
        Ok(len) => tagged(out, first, len.to_be_bytes()),
        // Messages end at 4 GiB: nothing inside one is longer.
        Err(_) => tagged(out, first + 1, (len as u32).to_be_bytes()),
    }
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
    is_dict: bool,
    /// Where its header stands.
    at: usize,
    announced: Option<usize>,
    /// Values shown so far; in a dictionary the keys count too.
    shown: usize,
}

/// A header that needs more than the one byte left free at `at`.
struct Late {
    at: usize,
    is_dict: bool,
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

    fn begin(&mut self, is_dict: bool, announced: Option<usize>) -> Result<(), Unrepresentable> {
        let out = self.next();
        let at = out.len();
        header(out, is_dict, announced.unwrap_or(0));
        self.open.push(Open { is_dict, at, announced, shown: 0 });
        Ok(())
    }

    fn end(&mut self, is_dict: bool) -> Result<(), Unrepresentable> {
        let Some(open) = self.open.pop().filter(|open| open.is_dict == is_dict) else {
            return self.refuse("an end without its beginning");
        };
        if is_dict && open.shown % 2 == 1 {
            return self.refuse("a key without a value");
        }
        let len = if is_dict { open.shown / 2 } else { open.shown };
        match open.announced {
            Some(announced) if announced == len => {}
            Some(_) => return self.refuse("a length that was announced wrongly"),
            None if len <= 0x0f => self.out[open.at] |= len as u8,
            None => self.late.push(Late { at: open.at, is_dict, len }),
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
            header(&mut scratch, late.is_dict, late.len);
            growth -= scratch.len() - 1;
            self.out[late.at + growth..][..scratch.len()].copy_from_slice(&scratch);
            end = late.at;
        }
    }
}

fn header(out: &mut Vec<u8>, is_dict: bool, len: usize) {
    if is_dict { dict_header(out, len) } else { list_header(out, len) }
}

fn header_width(len: usize) -> usize {
    match len {
        0..=0x0f => 1,
        0x10..=0xffff => 3,
        _ => 5,
    }
}

impl Visitor for Writer<'_> {
    fn null(&mut self) -> Result<(), Unrepresentable> {
        self.next().push(0xc0);
        Ok(())
    }
    fn bool(&mut self, truth: bool) -> Result<(), Unrepresentable> {
        self.next().push(0xc2 + u8::from(truth));
        Ok(())
    }
    fn uint(&mut self, number: u64) -> Result<(), Unrepresentable> {
        uint(self.next(), number);
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
        self.begin(false, len)
    }
    fn end_list(&mut self) -> Result<(), Unrepresentable> {
        self.end(false)
    }
    fn begin_dict(&mut self, len: Option<usize>) -> Result<(), Unrepresentable> {
        self.begin(true, len)
    }
    fn end_dict(&mut self) -> Result<(), Unrepresentable> {
        self.end(true)
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
