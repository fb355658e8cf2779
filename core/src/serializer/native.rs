//! The spelling that the router itself uses, inside the process only: tag, then length where one is needed, then value.
//!
//! ```text
//!   null 0   true 1   false 2   uint 3 + 8 octets   int 4 + 8   float 5 + 8
//!   text 6 + length of 4 octets + UTF-8      bytes 7 + length + octets
//!   list 8 ... 10      dict 9, key, value, ... 10
//! ```
//!
//! Law: it expresses everything that any serializer does, so what clients say to the router is never lost on the way. It is
//! offered to nobody, and yet reads every octet as if it came from a peer.

use bytes::Bytes;

use super::{
    DEPTH_CAP, DecodeError, HeadItem, Item, Kind, Run, RunWriter, Scan, Serializer, Unrepresentable, Visitor,
};

const NULL: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const UINT: u8 = 3;
const INT: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const BYTES: u8 = 7;
const LIST: u8 = 8;
const DICT: u8 = 9;
const END: u8 = 10;

/// The serializer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Native;

/// One step through a run.
enum Token<'a> {
    Null,
    Bool(bool),
    Uint(u64),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    List,
    Dict,
    End,
}

/// Reads tokens.
struct Tokens<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    fn new(all: &'a [u8]) -> Self {
        Tokens { all, at: 0 }
    }

    fn is_done(&self) -> bool {
        self.at >= self.all.len()
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let taken = self.all.get(self.at..).and_then(|rest| rest.get(..len)).ok_or(DecodeError::Truncated)?;
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }

    fn block(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = u32::from_le_bytes(self.array()?);
        self.take(len as usize)
    }

    fn next(&mut self) -> Result<Token<'a>, DecodeError> {
        let offset = self.at;
        let [tag] = self.array()?;
        Ok(match tag {
            NULL => Token::Null,
            TRUE => Token::Bool(true),
            FALSE => Token::Bool(false),
            UINT => Token::Uint(u64::from_le_bytes(self.array()?)),
            INT => Token::Int(i64::from_le_bytes(self.array()?)),
            FLOAT => Token::Float(f64::from_le_bytes(self.array()?)),
            TEXT => {
                Token::Text(std::str::from_utf8(self.block()?).map_err(|_| DecodeError::Unicode(offset))?)
            }
            BYTES => Token::Bytes(self.block()?),
            LIST => Token::List,
            DICT => Token::Dict,
            END => Token::End,
            _ => return Err(DecodeError::Syntax { what: "an unknown tag", offset }),
        })
    }

    /// The next element with all that is inside it, shown to `into`.
    fn element(&mut self, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
        let mut open = Vec::new();
        loop {
            match self.next().map_err(|error| Unrepresentable::new(error.to_string()))? {
                Token::Null => into.null()?,
                Token::Bool(truth) => into.bool(truth)?,
                Token::Uint(number) => into.uint(number)?,
                Token::Int(number) => into.int(number)?,
                Token::Float(number) => into.float(number)?,
                Token::Text(text) => into.text(text)?,
                Token::Bytes(bytes) => into.bytes(bytes)?,
                Token::List => {
                    into.begin_list(None)?;
                    open.push(LIST);
                }
                Token::Dict => {
                    into.begin_dict(None)?;
                    open.push(DICT);
                }
                Token::End => match open.pop() {
                    Some(LIST) => into.end_list()?,
                    Some(_) => into.end_dict()?,
                    None => return Err(Unrepresentable::new("an end without its beginning")),
                },
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Skips the next element of a message; says what it is.
    fn skip(&mut self, max_depth: usize) -> Result<Kind, DecodeError> {
        let offset = self.at;
        let kind = match self.next()? {
            Token::Null => Kind::Null,
            Token::Bool(truth) => Kind::Bool(truth),
            Token::Uint(number) => Kind::Uint(number),
            Token::Int(number) => Kind::Int(number),
            Token::Float(number) => Kind::Float(number),
            Token::Text(_) => Kind::Text,
            Token::Bytes(_) => Kind::Bytes,
            Token::List => Kind::List { empty: self.skip_inside(max_depth)? },
            // Keys that are no text are found by whoever reads the dictionary: nobody writes any here.
            Token::Dict => Kind::Dict { empty: self.skip_inside(max_depth)?, text_keys: true },
            Token::End => return Err(DecodeError::Syntax { what: "an end without its beginning", offset }),
        };
        Ok(kind)
    }

    /// Goes behind the end of a list or dictionary that has begun; tells whether it was empty.
    fn skip_inside(&mut self, max_depth: usize) -> Result<bool, DecodeError> {
        let (mut open, mut values) = (1, 0_usize);
        while open > 0 {
            // The message is level 1.
            if open >= max_depth {
                return Err(DecodeError::TooDeep(max_depth));
            }
            match self.next()? {
                Token::List | Token::Dict => open += 1,
                Token::End => open -= 1,
                _ => {}
            }
            values += usize::from(open > 0);
        }
        Ok(values == 0)
    }
}

fn offset(at: usize) -> Result<u32, DecodeError> {
    u32::try_from(at).map_err(|_| DecodeError::Syntax { what: "a message of 4 GiB or more", offset: at })
}

impl Serializer for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn scan(&self, frame: &Bytes, max_depth: usize) -> Result<Scan, DecodeError> {
        let max_depth = max_depth.min(DEPTH_CAP);
        let body = match frame.split_first() {
            Some((&LIST, rest)) => rest.split_last(),
            _ => return Err(DecodeError::NotAList),
        };
        let Some((&END, elements)) = body else { return Err(DecodeError::Truncated) };
        let (mut tokens, mut scan) = (Tokens::new(elements), Scan::new());
        while !tokens.is_done() {
            let start = offset(tokens.at + 1)?;
            let kind = tokens.skip(max_depth)?;
            scan.push(Item { kind, start, end: offset(tokens.at + 1)? })?;
        }
        Ok(scan)
    }

    fn walk(&self, run: &[u8], count: usize, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
        let mut tokens = Tokens::new(run);
        (0..count).try_for_each(|_| tokens.element(into))?;
        if tokens.is_done() { Ok(()) } else { Err(Unrepresentable::new("more values than the payload has")) }
    }

    fn writer<'a>(&self, out: &'a mut Vec<u8>) -> Box<dyn RunWriter + 'a> {
        Box::new(Writer { out, open: 0 })
    }

    fn encode(&self, head: &[HeadItem<'_>], payload: Run<'_>, out: &mut Vec<u8>) {
        self.encode_around(head, payload.count, out);
        out.extend_from_slice(payload.raw);
        out.push(END);
    }

    fn encode_around(&self, head: &[HeadItem<'_>], _: usize, out: &mut Vec<u8>) -> Option<&'static [u8]> {
        out.push(LIST);
        let mut writer = Writer { out, open: 0 };
        for item in head {
            // Refused is only what is 4 GiB long, and no head is.
            let _ = match item {
                HeadItem::Uint(number) => writer.uint(*number),
                HeadItem::Text(text) => writer.text(text),
                HeadItem::Dict(dict) => dict.walk(&mut writer),
            };
        }
        Some(&[END])
    }
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    open: usize,
}

impl Writer<'_> {
    fn tag(&mut self, tag: u8) -> Result<(), Unrepresentable> {
        self.out.push(tag);
        Ok(())
    }

    fn number(&mut self, tag: u8, octets: [u8; 8]) -> Result<(), Unrepresentable> {
        self.out.push(tag);
        self.out.extend_from_slice(&octets);
        Ok(())
    }

    fn block(&mut self, tag: u8, octets: &[u8]) -> Result<(), Unrepresentable> {
        let len =
            u32::try_from(octets.len()).map_err(|_| Unrepresentable::new("a value of 4 GiB or more"))?;
        self.out.push(tag);
        self.out.extend_from_slice(&len.to_le_bytes());
        self.out.extend_from_slice(octets);
        Ok(())
    }

    fn begin(&mut self, tag: u8) -> Result<(), Unrepresentable> {
        self.open += 1;
        self.tag(tag)
    }

    fn end(&mut self) -> Result<(), Unrepresentable> {
        let open = self.open.checked_sub(1);
        self.open = open.ok_or_else(|| Unrepresentable::new("an end without its beginning"))?;
        self.tag(END)
    }
}

impl Visitor for Writer<'_> {
    fn null(&mut self) -> Result<(), Unrepresentable> {
        self.tag(NULL)
    }
    fn bool(&mut self, truth: bool) -> Result<(), Unrepresentable> {
        self.tag(if truth { TRUE } else { FALSE })
    }
    fn uint(&mut self, number: u64) -> Result<(), Unrepresentable> {
        self.number(UINT, number.to_le_bytes())
    }
    fn int(&mut self, number: i64) -> Result<(), Unrepresentable> {
        match u64::try_from(number) {
            Ok(number) => self.uint(number),
            Err(_) => self.number(INT, number.to_le_bytes()),
        }
    }
    fn float(&mut self, number: f64) -> Result<(), Unrepresentable> {
        self.number(FLOAT, number.to_le_bytes())
    }
    fn text(&mut self, text: &str) -> Result<(), Unrepresentable> {
        self.block(TEXT, text.as_bytes())
    }
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unrepresentable> {
        self.block(BYTES, bytes)
    }
    fn begin_list(&mut self, _: Option<usize>) -> Result<(), Unrepresentable> {
        self.begin(LIST)
    }
    fn end_list(&mut self) -> Result<(), Unrepresentable> {
        self.end()
    }
    fn begin_dict(&mut self, _: Option<usize>) -> Result<(), Unrepresentable> {
        self.begin(DICT)
    }
    fn end_dict(&mut self) -> Result<(), Unrepresentable> {
        self.end()
    }
}

impl RunWriter for Writer<'_> {
    fn finish(self: Box<Self>) -> Result<(), Unrepresentable> {
        match self.open {
            0 => Ok(()),
            _ => Err(Unrepresentable::new("a list or dictionary that does not end")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::Payload;
    use crate::value::{Dict, Value};

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<u64>().prop_map(Value::Uint),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("equal to itself", |number| !number.is_nan()).prop_map(Value::Float),
            ".{0,20}".prop_map(Value::Text),
            prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            let dict = prop::collection::btree_map(".{0,5}", inner.clone(), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Value::List),
                dict.prop_map(|dict| Value::Dict(dict.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(args in prop::collection::vec(values(), 0..5), kwarg in values()) {
            let kwargs = Dict::new().with("a", kwarg);
            let payload = Payload::write(&args, &kwargs, &Native).unwrap();
            prop_assert_eq!(payload.read(&Native).unwrap(), (args.clone(), kwargs.clone()));

            let mut frame = Vec::new();
            let head = [HeadItem::Uint(16), HeadItem::Dict(&kwargs), HeadItem::Text("com.topic")];
            Native.encode(&head, payload.run(), &mut frame);
            let frame = Bytes::from(frame);
            let scan = Native.scan(&frame, 100).unwrap();
            let read: Vec<Value> =
                scan.items().iter().map(|item| Native.value(&frame[item.start as usize..item.end as usize]).unwrap()).collect();
            let dict = Value::Dict(kwargs);
            prop_assert_eq!(read, vec![16_u64.into(), dict.clone(), "com.topic".into(), Value::List(args), dict]);
        }

        #[test]
        fn no_octets_make_it_panic(frame in prop::collection::vec(0_u8..12, 0..60)) {
            let frame = Bytes::from(frame);
            if let Ok(scan) = Native.scan(&frame, 5) {
                for item in scan.items() {
                    let _ = Native.value(&frame[item.start as usize..item.end as usize]);
                }
            }
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| Bytes::from([vec![LIST; levels], vec![END; levels]].concat());
        assert!(Native.scan(&nested(5), 5).is_ok());
        assert_eq!(Native.scan(&nested(6), 5).unwrap_err(), DecodeError::TooDeep(5));
    }
}
