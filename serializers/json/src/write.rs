//! Writes values, without any space between them.
//!
//! Floats keep a fraction or an exponent (`1.0`), so that they stay floats for whoever reads them.

use crossway_core::serializer::{HeadItem, RunWriter, Unrepresentable, Visitor};
use crossway_core::{Dict, Value};

use crate::{binary, string};

/// The opening bracket of a message and its head items, and the comma to `count` more elements.
pub(crate) fn head(items: &[HeadItem<'_>], count: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match item {
            HeadItem::Uint(number) => integer(out, *number),
            HeadItem::Text(text) => self::text(out, text),
            HeadItem::Dict(dict) => self::dict(out, dict),
        }
    }
    if count > 0 && !items.is_empty() {
        out.push(b',');
    }
}

fn dict(out: &mut Vec<u8>, dict: &Dict) {
    out.push(b'{');
    for (index, (key, value)) in dict.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        text(out, key);
        out.push(b':');
        self::value(out, value);
    }
    out.push(b'}');
}

fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Uint(number) => integer(out, *number),
        Value::Int(number) => integer(out, *number),
        Value::Float(number) if number.is_finite() => float(out, *number),
        Value::Null | Value::Float(_) => out.extend_from_slice(b"null"),
        Value::Bool(truth) => bool(out, *truth),
        Value::Text(text) => self::text(out, text),
        Value::Bytes(bytes) => self::bytes(out, bytes),
        Value::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                self::value(out, item);
            }
            out.push(b']');
        }
        Value::Dict(dict) => self::dict(out, dict),
    }
}

fn bool(out: &mut Vec<u8>, truth: bool) {
    out.extend_from_slice(if truth { b"true" } else { b"false" });
}

fn integer(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Of a number that is finite.
fn float(out: &mut Vec<u8>, number: f64) {
    out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    out.push(b'"');
    loop {
        let plain = string::plain(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(special) = rest.get(plain) else { break };
        escape(out, *special);
        rest = &rest[plain + 1..];
    }
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, special: u8) {
    let short = match special {
        b'"' | b'\\' => special,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        control => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let (high, low) = (HEX[usize::from(control >> 4)], HEX[usize::from(control & 0xf)]);
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(br#""\u0000"#);
    binary::encode(bytes, out);
    out.push(b'"');
}

/// Writes a run from the values it is shown.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    open: Vec<Open>,
    /// Values shown at the outermost level.
    elements: usize,
    refused: Option<Unrepresentable>,
}

/// A list or dictionary that has not ended yet.
struct Open {
    is_dict: bool,
    announced: Option<usize>,
    /// Values shown so far; in a dictionary the keys count too.
    shown: usize,
}

/// What kind of place the next value stands at.
#[derive(PartialEq)]
enum Place {
    Key,
    Value,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Writer { out, open: Vec::new(), elements: 0, refused: None }
    }

    /// Counts a value, and writes what separates it from the one before.
    fn next(&mut self) -> Place {
        let (is_dict, shown) = match self.open.last_mut() {
            Some(open) => (open.is_dict, &mut open.shown),
            None => (false, &mut self.elements),
        };
        let before = *shown;
        *shown += 1;
        if is_dict && before % 2 == 1 {
            self.out.push(b':');
        } else if before > 0 {
            self.out.push(b',');
        }
        if is_dict && before.is_multiple_of(2) { Place::Key } else { Place::Value }
    }

    /// As [`next`](Writer::next) for what can't be a key. `what` it is stands in the refusal.
    fn next_value(&mut self, what: &'static str) -> Result<&mut Vec<u8>, Unrepresentable> {
        match self.next() {
            Place::Value => Ok(self.out),
            Place::Key => Err(self.refuse(format!("{what} as a dictionary key in JSON"))),
        }
    }

    fn begin(&mut self, is_dict: bool, announced: Option<usize>) -> Result<(), Unrepresentable> {
        let (what, bracket) = if is_dict { ("a dictionary", b'{') } else { ("a list", b'[') };
        self.next_value(what)?.push(bracket);
        self.open.push(Open { is_dict, announced, shown: 0 });
        Ok(())
    }

    fn end(&mut self, is_dict: bool) -> Result<(), Unrepresentable> {
        let Some(open) = self.open.pop().filter(|open| open.is_dict == is_dict) else {
            return Err(self.refuse("an end without its beginning"));
        };
        if is_dict && open.shown % 2 == 1 {
            return Err(self.refuse("a key without a value"));
        }
        let len = if is_dict { open.shown / 2 } else { open.shown };
        if open.announced.is_some_and(|announced| announced != len) {
            return Err(self.refuse("a length that was announced wrongly"));
        }
        self.out.push(if is_dict { b'}' } else { b']' });
        Ok(())
    }

    fn refuse(&mut self, what: impl Into<Box<str>>) -> Unrepresentable {
        let refused = Unrepresentable::new(what);
        self.refused = Some(refused.clone());
        refused
    }
}

impl Visitor for Writer<'_> {
    fn null(&mut self) -> Result<(), Unrepresentable> {
        self.next_value("null")?.extend_from_slice(b"null");
        Ok(())
    }
    fn bool(&mut self, truth: bool) -> Result<(), Unrepresentable> {
        bool(self.next_value("a boolean")?, truth);
        Ok(())
    }
    fn uint(&mut self, number: u64) -> Result<(), Unrepresentable> {
        integer(self.next_value("an integer")?, number);
        Ok(())
    }
    fn int(&mut self, number: i64) -> Result<(), Unrepresentable> {
        integer(self.next_value("an integer")?, number);
        Ok(())
    }
    fn float(&mut self, number: f64) -> Result<(), Unrepresentable> {
        if !number.is_finite() {
            return Err(self.refuse(format!("the float {number} in JSON")));
        }
        float(self.next_value("a float")?, number);
        Ok(())
    }
    fn text(&mut self, text: &str) -> Result<(), Unrepresentable> {
        if self.next() == Place::Value && binary::decode(text.as_bytes(), &mut Vec::new()).is_some() {
            return Err(self.refuse("a string that begins with U+0000 and would be binary data in JSON"));
        }
        self::text(self.out, text);
        Ok(())
    }
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unrepresentable> {
        self::bytes(self.next_value("binary data")?, bytes);
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
    fn finish(self: Box<Self>) -> Result<(), Unrepresentable> {
        match self.refused {
            Some(refused) => Err(refused),
            None if !self.open.is_empty() => {
                Err(Unrepresentable::new("a list or dictionary that does not end"))
            }
            None => Ok(()),
        }
    }
}
