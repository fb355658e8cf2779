//! What the fuzz targets of the serializers have in common.

use bytes::Bytes;
use crossway_cbor::Cbor;
use crossway_core::serializer::{HeadItem, Run, Scan, Serializer};
use crossway_core::value::ValueBuilder;
use crossway_json::Json;
use crossway_msgpack::MessagePack;

const MAX_DEPTH: usize = 100;

/// Takes `frame` for a message of `from`, rewrites every possible payload of it into every format, and expects that each
/// format accepts what it wrote, and reads the same values from it.
pub fn serializer(from: &dyn Serializer, frame: &[u8]) {
    // Robust also where nobody has scanned.
    for count in 0..3 {
        let _ = from.walk(frame, count, &mut ValueBuilder::new());
    }
    let _ = from.text(frame);
    let frame = Bytes::copy_from_slice(frame);
    let Ok(scan) = from.scan(&frame, MAX_DEPTH) else { return };
    for item in scan.items() {
        let raw = &frame[item.start as usize..item.end as usize];
        let _ = (from.text(raw), from.value(raw));
    }
    for first in 0..scan.items().len() {
        let run = run(&scan, &frame, first);
        for to in [&Json as &dyn Serializer, &MessagePack, &Cbor] {
            rewritten(from, run, to);
        }
    }
}

/// The last elements of a message, from the one at `first` on.
fn run<'a>(scan: &Scan, frame: &'a Bytes, first: usize) -> Run<'a> {
    let items = &scan.items()[first..];
    let raw = &frame[items[0].start as usize..items[items.len() - 1].end as usize];
    Run { raw, count: items.len() }
}

fn rewritten(from: &dyn Serializer, run: Run<'_>, to: &dyn Serializer) {
    let mut out = Vec::new();
    let mut writer = to.writer(&mut out);
    if from.walk(run.raw, run.count, &mut *writer).is_err() || writer.finish().is_err() {
        return;
    }
    let there = Run { raw: &out, count: run.count };
    let mut frame = Vec::new();
    to.encode(&[], there, &mut frame);
    let scan = to.scan(&frame.into(), MAX_DEPTH).expect("what a format wrote is accepted by it");
    assert_eq!(scan.items().len(), run.count);
    // Debug output, since NaN is not equal to itself.
    assert_eq!(format!("{:?}", values(from, run)), format!("{:?}", values(to, there)));

    let mut around = Vec::new();
    let head = [HeadItem::Uint(36), HeadItem::Text("head")];
    if let Some(tail) = to.encode_around(&head, run.count, &mut around) {
        let mut whole = Vec::new();
        to.encode(&head, there, &mut whole);
        assert_eq!([&around[..], &out, tail].concat(), whole);
    }
}

/// The values of a run, if they fit into the router's own data model: keys may come twice in a payload.
fn values(serializer: &dyn Serializer, run: Run<'_>) -> Option<Vec<crossway_core::Value>> {
    let mut builder = ValueBuilder::new();
    serializer.walk(run.raw, run.count, &mut builder).ok()?;
    Some(builder.into_values())
}
