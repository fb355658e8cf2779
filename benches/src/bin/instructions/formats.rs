//! What a message costs by its serializer.

use std::hint::black_box;

use crossway_benches::sample::{MAX_DEPTH, args, event};
use crossway_cbor::Cbor;
use crossway_core::serializer::Serializer;
use crossway_json::Json;
use crossway_msgpack::MessagePack;

use crate::Case;

pub(crate) const CASES: [Case; 5] = [
    Case { name: "scan-json", count: 4000, run: |count| scan(count, &Json) },
    Case { name: "scan-msgpack", count: 4000, run: |count| scan(count, &MessagePack) },
    Case { name: "scan-cbor", count: 4000, run: |count| scan(count, &Cbor) },
    Case {
        name: "transcode-msgpack-to-json",
        count: 2000,
        run: |count| transcode(count, &MessagePack, &Json),
    },
    Case {
        name: "transcode-json-to-msgpack",
        count: 2000,
        run: |count| transcode(count, &Json, &MessagePack),
    },
];

/// Length of the payload in octets.
const SIZE: usize = 256;

/// An operation is a message that is validated.
fn scan(count: usize, serializer: &dyn Serializer) {
    let frame = event(serializer, SIZE);
    for _ in 0..count {
        black_box(serializer.scan(black_box(&frame), MAX_DEPTH).is_ok());
    }
}

/// An operation is a payload that is rewritten.
fn transcode(count: usize, from: &dyn Serializer, to: &dyn Serializer) {
    let frame = event(from, SIZE);
    let run = args(&frame, from);
    let mut out = Vec::new();
    for _ in 0..count {
        out.clear();
        let mut writer = to.writer(&mut out);
        from.walk(black_box(run), 1, &mut *writer).unwrap();
        writer.finish().unwrap();
    }
}
