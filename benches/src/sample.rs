//! Messages to look at.

use bytes::Bytes;
use crossway_core::serializer::{HeadItem, Run, Serializer};
use crossway_core::{Dict, Value};

/// How deep the router lets messages be nested unless told otherwise.
pub const MAX_DEPTH: usize = 100;

/// An EVENT whose payload is about `size` octets of small dictionaries, or one short string.
pub fn event(serializer: &dyn Serializer, size: usize) -> Bytes {
    let row = |id: usize| {
        let place = Dict::new().with("lat", 48.137).with("lon", 11.575).with("name", "Marienplatz");
        let row = Dict::new().with("id", id as u64).with("place", place).with("ok", true);
        Value::from(row.with("tags", vec![Value::from("tram"), Value::from("night")]))
    };
    let rows = match size {
        16 => vec![Value::from("Hello, world!")],
        // A row is about 100 octets.
        size => (0..size.div_ceil(100)).map(row).collect(),
    };
    let mut run = Vec::new();
    let mut writer = serializer.writer(&mut run);
    Value::List(rows).walk(&mut *writer).expect("every format can say this");
    writer.finish().expect("every format can say this");
    let details = Dict::new();
    let head = [HeadItem::Uint(36), HeadItem::Uint(5_512_315_355), HeadItem::Uint(4_429_313_566)];
    let head = [&head[..], &[HeadItem::Dict(&details)]].concat();
    let mut frame = Vec::new();
    serializer.encode(&head, Run { raw: &run, count: 1 }, &mut frame);
    frame.into()
}

/// What an [`event`] carries.
pub fn args<'a>(frame: &'a Bytes, serializer: &dyn Serializer) -> &'a [u8] {
    let scan = serializer.scan(frame, MAX_DEPTH).expect("own output is accepted");
    let args = scan.items()[4];
    &frame[args.start as usize..args.end as usize]
}
