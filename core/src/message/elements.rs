//! Reading and writing the elements of a message head, one by one.

use bytes::Bytes;

use super::{
    CallOptions, CancelOptions, EventDetails, InterruptOptions, InvocationDetails, PublishOptions,
    RegisterOptions, ResultDetails, SubscribeOptions,
};
use super::{Code, Options, Payload, Text};
use crate::error::Violation;
use crate::id::Id;
use crate::secret::Secret;
use crate::serializer::{HeadItem, Item, Kind, MAX_ELEMENTS, Scan, Serializer};
use crate::value::{Dict, Value};

/// The elements of a message that are still to be read.
pub(super) struct Elements<'a> {
    code: Code,
    base: &'a Bytes,
    rest: &'a [Item],
    serializer: &'a dyn Serializer,
}

impl<'a> Elements<'a> {
    pub(super) fn new(
        frame: &'a Bytes,
        scan: &'a Scan,
        serializer: &'a dyn Serializer,
    ) -> Result<(Code, Self), Violation> {
        let Some((first, rest)) = scan.items().split_first() else {
            return Err(Violation::new("a message has to begin with its type"));
        };
        let Kind::Uint(number) = first.kind else {
            return Err(Violation::new("a message type has to be an integer"));
        };
        let code =
            Code::new(number).ok_or_else(|| Violation::new(format!("unknown message type {number}")))?;
        Ok((code, Elements { code, base: scan.base.as_ref().unwrap_or(frame), rest, serializer }))
    }

    /// After the last field: nothing may be left.
    pub(super) fn finish(self) -> Result<(), Violation> {
        match self.rest {
            [] => Ok(()),
            rest => Err(Violation::new(format!("{} has {} elements too many", self.code.name(), rest.len()))),
        }
    }

    fn next(&mut self, field: &str) -> Result<&'a Item, Violation> {
        let (item, rest) = self
            .rest
            .split_first()
            .ok_or_else(|| Violation::new(format!("{} ends before {field}", self.code.name())))?;
        self.rest = rest;
        Ok(item)
    }

    fn next_is_empty_dict(&self) -> bool {
        matches!(self.rest, [Item { kind: Kind::Dict { empty: true, .. }, .. }, ..])
    }

    fn raw(&self, item: &Item) -> &'a [u8] {
        // A serializer that reports a range outside its own bytes gets an empty element, not a panic.
        self.base.get(item.start as usize..item.end as usize).unwrap_or_default()
    }

    #[cold]
    fn wrong(&self, field: &str, expected: &str, found: &Item) -> Violation {
        let found = match found.kind {
            Kind::Null => "null".to_owned(),
            Kind::Bool(truth) => truth.to_string(),
            Kind::Uint(number) => number.to_string(),
            Kind::Int(number) => number.to_string(),
            Kind::Float(number) => format!("the float {number:?}"),
            Kind::Text => "a string".to_owned(),
            Kind::Bytes => "binary data".to_owned(),
            Kind::List { .. } => "a list".to_owned(),
            Kind::Dict { text_keys: true, .. } => "a dictionary".to_owned(),
            Kind::Dict { .. } => "a dictionary with keys that are no strings".to_owned(),
            Kind::Other => "something else".to_owned(),
        };
        Violation::new(format!("{}.{field} has to be {expected}, not {found}", self.code.name()))
    }
}

/// The head of a message to be written.
pub(super) struct Head {
    items: Vec<HeadValue>,
    payload: Payload,
}

enum HeadValue {
    Uint(u64),
    Text(String),
    Secret(Secret),
    Dict(Dict),
}

impl Head {
    pub(super) fn new(code: Code) -> Self {
        Head { items: vec![HeadValue::Uint(code.number())], payload: Payload::none() }
    }

    pub(super) fn encode(self, serializer: &dyn Serializer, out: &mut Vec<u8>) {
        let mut items = Vec::with_capacity(MAX_ELEMENTS);
        items.extend(self.items.iter().map(|item| match item {
            HeadValue::Uint(number) => HeadItem::Uint(*number),
            HeadValue::Text(text) => HeadItem::Text(text),
            HeadValue::Secret(text) => HeadItem::Text(text),
            HeadValue::Dict(dict) => HeadItem::Dict(dict),
        }));
        serializer.encode(&items, self.payload.run(), out);
    }
}

/// A field of a message.
pub(super) trait Element<'a>: Sized {
    fn read(from: &mut Elements<'a>, field: &'static str) -> Result<Self, Violation>;
    fn write(self, to: &mut Head);
}

impl<'a> Element<'a> for Id {
    fn read(from: &mut Elements<'a>, field: &'static str) -> Result<Self, Violation> {
        let item = from.next(field)?;
        match item.kind {
            Kind::Uint(number) => Id::new(number),
            _ => None,
        }
        .ok_or_else(|| from.wrong(field, "an id from 1 to 2^53", item))
    }
    fn write(self, to: &mut Head) {
        to.items.push(HeadValue::Uint(self.get()));
    }
}

impl<'a> Element<'a> for Text<'a> {
    fn read(from: &mut Elements<'a>, field: &'static str) -> Result<Self, Violation> {
        let item = from.next(field)?;
        match item.kind {
            Kind::Text => {
                from.serializer.text(from.raw(item)).map_err(|error| Violation::new(error.to_string()))
            }
            _ => Err(from.wrong(field, "a string", item)),
        }
    }
    fn write(self, to: &mut Head) {
        to.items.push(HeadValue::Text(self.into_owned()));
    }
}

impl<'a> Element<'a> for Secret {
    fn read(from: &mut Elements<'a>, field: &'static str) -> Result<Self, Violation> {
        <Text<'a> as Element>::read(from, field).map(Secret::from)
    }
    fn write(self, to: &mut Head) {
        to.items.push(HeadValue::Secret(self));
    }
}

impl<'a> Element<'a> for Dict {
    fn read(from: &mut Elements<'a>, field: &'static str) -> Result<Self, Violation> {
        let item = from.next(field)?;
        match item.kind {
            Kind::Dict { empty: true, .. } => Ok(Dict::new()),
            Kind::Dict { text_keys: true, .. } => match from.serializer.value(from.raw(item)) {
                Ok(Value::Dict(dict)) => Ok(dict),
                Ok(_) => Err(from.wrong(field, "a dictionary", item)),
                Err(error) => Err(Violation::new(format!("{}.{field}: {error}", from.code.name()))),
            },
            _ => Err(from.wrong(field, "a dictionary", item)),
        }
    }
    fn write(self, to: &mut Head) {
        to.items.push(HeadValue::Dict(self));
    }
}

macro_rules! options_are_elements {
    ($($type:ty)*) => {$(
        impl<'a> Element<'a> for $type {
            fn read(from: &mut Elements<'a>, field: &'static str) -> Result<Self, Violation> {
                // Most messages have none.
                if from.next_is_empty_dict() {
                    from.next(field)?;
                    return Ok(Self::default());
                }
                let code = from.code.name();
                Self::from_dict(code, Element::read(from, field)?)
            }
            fn write(self, to: &mut Head) {
                Element::write(self.into_dict(), to);
            }
        }
    )*};
}

options_are_elements! {
    PublishOptions SubscribeOptions EventDetails CallOptions CancelOptions RegisterOptions InvocationDetails
    InterruptOptions ResultDetails
}

impl<'a> Element<'a> for Payload {
    /// Always the last field: takes what is left, at most `args` and `kwargs`.
    fn read(from: &mut Elements<'a>, _field: &'static str) -> Result<Self, Violation> {
        let [args, rest @ ..] = from.rest else { return Ok(Payload::none()) };
        let Kind::List { empty: no_args } = args.kind else {
            return Err(from.wrong("Arguments", "a list", args));
        };
        let mut count = usize::from(!no_args);
        let mut end = args.end;
        from.rest = rest;
        if let [kwargs, rest @ ..] = rest {
            let Kind::Dict { empty, text_keys: true } = kwargs.kind else {
                return Err(from.wrong("ArgumentsKw", "a dictionary with strings as keys", kwargs));
            };
            from.rest = rest;
            if !empty {
                (count, end) = (2, kwargs.end);
            }
        }
        match count {
            0 => Ok(Payload::none()),
            _ if (args.start..=end).is_empty() || end as usize > from.base.len() => Ok(Payload::none()),
            _ => Ok(Payload::new(from.base.slice(args.start as usize..end as usize), count)),
        }
    }
    fn write(self, to: &mut Head) {
        to.payload = self;
    }
}

/// `ERROR.REQUEST.Type`: the type of the message that failed, unknown ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestType(pub u64);

impl From<Code> for RequestType {
    fn from(code: Code) -> Self {
        RequestType(code.number())
    }
}

impl<'a> Element<'a> for RequestType {
    fn read(from: &mut Elements<'a>, field: &'static str) -> Result<Self, Violation> {
        let item = from.next(field)?;
        match item.kind {
            Kind::Uint(number) => Ok(RequestType(number)),
            _ => Err(from.wrong(field, "a message type", item)),
        }
    }
    fn write(self, to: &mut Head) {
        to.items.push(HeadValue::Uint(self.0));
    }
}

/// What UNSUBSCRIBED and UNREGISTERED answer to: a request, or none when the router revokes (ID-12).
#[derive(Clone, Debug, PartialEq)]
pub enum Revocation {
    /// The request with this id.
    Requested(Id),
    /// Nobody asked: `[.., 0, Details]`.
    Revoked(Dict),
}

impl<'a> Element<'a> for Revocation {
    fn read(from: &mut Elements<'a>, field: &'static str) -> Result<Self, Violation> {
        match from.rest {
            [Item { kind: Kind::Uint(0), .. }, rest @ ..] => {
                from.rest = rest;
                <Dict as Element>::read(from, "Details").map(Revocation::Revoked)
            }
            _ => <Id as Element>::read(from, field).map(Revocation::Requested),
        }
    }
    fn write(self, to: &mut Head) {
        match self {
            Revocation::Requested(id) => Element::write(id, to),
            Revocation::Revoked(details) => {
                to.items.push(HeadValue::Uint(0));
                to.items.push(HeadValue::Dict(details));
            }
        }
    }
}
