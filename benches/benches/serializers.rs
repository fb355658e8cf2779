//! What it costs to look at a message: validate it and find its elements, rewrite its payload for another format, put a
//! new head before it. Beside it what the well-known crates need to decode the same bytes.
//!
//!     cargo bench -p crossway-benches --bench serializers

use crossway_benches::sample::{MAX_DEPTH, args, event};
use crossway_cbor::Cbor;
use crossway_core::Dict;
use crossway_core::serializer::{HeadItem, Serializer};
use crossway_json::Json;
use crossway_msgpack::MessagePack;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const SIZES: [usize; 4] = [16, 256, 8 << 10, 64 << 10];

fn scan(bencher: Bencher<'_, '_>, serializer: impl Serializer, size: usize) {
    let frame = event(&serializer, size);
    bencher.counter(BytesCount::new(frame.len())).bench_local(|| {
        // Without a return value: storing those is a large part of what a small message takes.
        black_box(serializer.scan(black_box(&frame), MAX_DEPTH).is_ok())
    });
}

fn transcode(bencher: Bencher<'_, '_>, from: impl Serializer, to: impl Serializer, size: usize) {
    let frame = event(&from, size);
    let run = args(&frame, &from);
    let mut out = Vec::new();
    bencher.counter(BytesCount::new(run.len())).bench_local(|| {
        out.clear();
        let mut writer = to.writer(&mut out);
        from.walk(black_box(run), 1, &mut *writer).expect("every format can say this");
        writer.finish().expect("every format can say this");
    });
}

fn head(bencher: Bencher<'_, '_>, serializer: impl Serializer) {
    let details = Dict::new().with("topic", "com.example.topic");
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        let head = [HeadItem::Uint(36), HeadItem::Uint(5_512_315_355), HeadItem::Dict(black_box(&details))];
        serializer.encode_around(&head, 1, &mut out)
    });
}

mod json {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn scan(bencher: Bencher<'_, '_>, size: usize) {
        super::scan(bencher, Json, size);
    }
    #[divan::bench(args = SIZES)]
    fn to_msgpack(bencher: Bencher<'_, '_>, size: usize) {
        super::transcode(bencher, Json, MessagePack, size);
    }
    #[divan::bench(args = SIZES)]
    fn to_cbor(bencher: Bencher<'_, '_>, size: usize) {
        super::transcode(bencher, Json, Cbor, size);
    }
    #[divan::bench]
    fn head(bencher: Bencher<'_, '_>) {
        super::head(bencher, Json);
    }
    #[divan::bench(args = SIZES)]
    fn compared_serde_json(bencher: Bencher<'_, '_>, size: usize) {
        let frame = event(&Json, size);
        let counted = bencher.counter(BytesCount::new(frame.len()));
        counted.bench_local(|| serde_json::from_slice::<serde_json::Value>(black_box(&frame)));
    }
    #[divan::bench(args = SIZES)]
    fn compared_serde_json_ignored(bencher: Bencher<'_, '_>, size: usize) {
        let frame = event(&Json, size);
        let counted = bencher.counter(BytesCount::new(frame.len()));
        counted.bench_local(|| serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&frame)).is_ok());
    }
}

mod msgpack {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn scan(bencher: Bencher<'_, '_>, size: usize) {
        super::scan(bencher, MessagePack, size);
    }
    #[divan::bench(args = SIZES)]
    fn to_json(bencher: Bencher<'_, '_>, size: usize) {
        super::transcode(bencher, MessagePack, Json, size);
    }
    #[divan::bench(args = SIZES)]
    fn to_cbor(bencher: Bencher<'_, '_>, size: usize) {
        super::transcode(bencher, MessagePack, Cbor, size);
    }
    #[divan::bench]
    fn head(bencher: Bencher<'_, '_>) {
        super::head(bencher, MessagePack);
    }
    #[divan::bench(args = SIZES)]
    fn compared_rmpv(bencher: Bencher<'_, '_>, size: usize) {
        let frame = event(&MessagePack, size);
        let counted = bencher.counter(BytesCount::new(frame.len()));
        counted.bench_local(|| rmpv::decode::read_value(&mut &black_box(&frame)[..]));
    }
    #[divan::bench(args = SIZES)]
    fn compared_rmp_serde_ignored(bencher: Bencher<'_, '_>, size: usize) {
        let frame = event(&MessagePack, size);
        let counted = bencher.counter(BytesCount::new(frame.len()));
        counted.bench_local(|| rmp_serde::from_slice::<serde::de::IgnoredAny>(black_box(&frame)).is_ok());
    }
}

mod cbor {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn scan(bencher: Bencher<'_, '_>, size: usize) {
        super::scan(bencher, Cbor, size);
    }
    #[divan::bench(args = SIZES)]
    fn to_json(bencher: Bencher<'_, '_>, size: usize) {
        super::transcode(bencher, Cbor, Json, size);
    }
    #[divan::bench(args = SIZES)]
    fn to_msgpack(bencher: Bencher<'_, '_>, size: usize) {
        super::transcode(bencher, Cbor, MessagePack, size);
    }
    #[divan::bench]
    fn head(bencher: Bencher<'_, '_>) {
        super::head(bencher, Cbor);
    }
    #[divan::bench(args = SIZES)]
    fn compared_ciborium(bencher: Bencher<'_, '_>, size: usize) {
        let frame = event(&Cbor, size);
        let counted = bencher.counter(BytesCount::new(frame.len()));
        counted.bench_local(|| ciborium::from_reader::<ciborium::Value, _>(&black_box(&frame)[..]));
    }
    #[divan::bench(args = SIZES)]
    fn compared_ciborium_ignored(bencher: Bencher<'_, '_>, size: usize) {
        let frame = event(&Cbor, size);
        let counted = bencher.counter(BytesCount::new(frame.len()));
        counted.bench_local(|| {
            ciborium::from_reader::<serde::de::IgnoredAny, _>(&black_box(&frame)[..]).is_ok()
        });
    }
}
