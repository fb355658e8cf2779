//! The contract of a serializer, sentence by sentence.

use bytes::Bytes;
use crossway_core::Value;
use crossway_core::serializer::{DEPTH_CAP, DecodeError, HeadItem, Kind, Serializer};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::message::{self, EVENT_HEAD, event, payload, run, scan};
use crate::values;

/// All checks of this module.
pub fn check(serializer: &dyn Serializer) {
    what_is_written_reads_the_same(serializer);
    a_payload_can_be_spliced(serializer);
    a_message_cut_off_is_refused(serializer);
    damage_never_panics(serializer);
    nesting_ends_at_the_limit(serializer);
    heads_are_understood(serializer);
    a_writer_finishes_only_what_is_whole(serializer);
}

/// Values, key order and all integers survive.
pub fn what_is_written_reads_the_same(serializer: &dyn Serializer) {
    check_payloads(|payload_values| {
        let frame = written(serializer, payload_values);
        let scanned = scan(serializer, &frame).expect("own output is accepted");
        let (run, count) = payload(&scanned, &frame, EVENT_HEAD);
        let read = message::values(serializer, run, count).expect("own output is understood");
        prop_assert_eq!(&read, payload_values);
        Ok(())
    });
}

/// `encode_around` and `encode` agree, and a run can be put behind another head.
pub fn a_payload_can_be_spliced(serializer: &dyn Serializer) {
    check_payloads(|payload_values| {
        let frame = written(serializer, payload_values);
        let scanned = scan(serializer, &frame).expect("own output is accepted");
        let (run, count) = payload(&scanned, &frame, EVENT_HEAD);
        let again = event(serializer, run, count);
        prop_assert_eq!(&again, &frame);
        let head = [HeadItem::Uint(50), HeadItem::Text("head")];
        let mut around = Vec::new();
        if let Some(tail) = serializer.encode_around(&head, count, &mut around) {
            let mut whole = Vec::new();
            serializer.encode(&head, crossway_core::serializer::Run { raw: run, count }, &mut whole);
            prop_assert_eq!([&around[..], run, tail].concat(), whole);
        }
        Ok(())
    });
}

/// A prefix of a message is an error.
pub fn a_message_cut_off_is_refused(serializer: &dyn Serializer) {
    check_payloads(|payload_values| {
        let frame = written(serializer, payload_values);
        // All the ends, and of a long frame every so many of the rest: the whole would take quadratic time.
        let step = frame.len().div_ceil(200);
        for len in (0..frame.len()).step_by(step).chain(frame.len().saturating_sub(20)..frame.len()) {
            let cut = scan(serializer, &frame.slice(..len));
            prop_assert!(cut.is_err(), "{} of {} bytes: {:?}", len, frame.len(), cut);
        }
        Ok(())
    });
}

/// Frames with a few wrong bytes, and bytes without any sense, scanned or not.
pub fn damage_never_panics(serializer: &dyn Serializer) {
    let damage = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    runner()
        .run(&(values::payload(), damage), |(payload_values, damage)| {
            let mut frame = written(serializer, &payload_values).to_vec();
            for (index, byte) in damage {
                let at = index.index(frame.len());
                frame[at] = byte;
            }
            survives(serializer, &Bytes::from(frame));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{}: {error}", serializer.name()));
    runner()
        .run(&proptest::collection::vec(any::<u8>(), 0..60), |frame| {
            survives(serializer, &Bytes::from(frame));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{}: {error}", serializer.name()));
}

/// Scans and walks. What passes both and can be written again has to be accepted again.
pub fn survives(serializer: &dyn Serializer, frame: &Bytes) {
    for count in 0..3 {
        let _ = message::values(serializer, frame, count);
    }
    let _ = serializer.text(frame);
    let Ok(scanned) = scan(serializer, frame) else { return };
    for first in 0..=scanned.items().len() {
        let run = payload(&scanned, frame, first);
        if let Ok(rewritten) = message::transcode(serializer, run, serializer) {
            let again = event(serializer, &rewritten, run.1);
            match scan(serializer, &again) {
                Ok(_) | Err(DecodeError::TooManyElements) => {}
                Err(error) => panic!("{error} in {again:?}, written from {frame:?}"),
            }
        }
    }
}

/// One level more than allowed is an error, and no limit leads beyond [`DEPTH_CAP`].
pub fn nesting_ends_at_the_limit(serializer: &dyn Serializer) {
    let nested =
        |levels: usize| (1..levels).fold(Value::List(Vec::new()), |inside, _| Value::List(vec![inside]));
    let frame = |levels: usize| {
        // The message is a level as well.
        let run = run(serializer, &[nested(levels - 1)]).expect("lists can be written");
        event(serializer, &run, 1)
    };
    assert!(serializer.scan(&frame(12), 12).is_ok());
    assert_eq!(serializer.scan(&frame(13), 12).map(drop), Err(DecodeError::TooDeep(12)));
    let refused = serializer.scan(&frame(DEPTH_CAP + 1), usize::MAX);
    assert!(refused.is_err(), "nested deeper than the cap");
}

/// What core reads and writes in heads.
pub fn heads_are_understood(serializer: &dyn Serializer) {
    let run = run(serializer, &[Value::List(vec![Value::Null])]).expect("a list can be written");
    let frame = event(serializer, &run, 1);
    let scanned = scan(serializer, &frame).expect("own output is accepted");
    let kinds: Vec<_> = scanned.items().iter().map(|item| item.kind).collect();
    let details = Kind::Dict { empty: false, text_keys: true };
    let args = Kind::List { empty: false };
    assert_eq!(kinds, [Kind::Uint(36), Kind::Uint(1 << 53), Kind::Uint(7), details, args]);
    let bytes = scanned.base.as_ref().unwrap_or(&frame);
    let details = scanned.items()[3];
    let details = serializer.value(&bytes[details.start as usize..details.end as usize]);
    let topic =
        details.expect("own output is understood").as_dict().and_then(|dict| dict.get("topic")).cloned();
    assert_eq!(topic, Some("com.example.topic".into()));

    let mut hello = Vec::new();
    serializer.encode(&[HeadItem::Uint(1), HeadItem::Text("com.example")], Default::default(), &mut hello);
    let hello = Bytes::from(hello);
    let scanned = scan(serializer, &hello).expect("own output is accepted");
    let realm = scanned.items()[1];
    assert_eq!(realm.kind, Kind::Text);
    let bytes = scanned.base.as_ref().unwrap_or(&hello);
    let realm = serializer.text(&bytes[realm.start as usize..realm.end as usize]);
    assert_eq!(realm.expect("own output is understood"), "com.example");
}

/// Ends without beginnings and the other way round are errors, at the latest in `finish`.
pub fn a_writer_finishes_only_what_is_whole(serializer: &dyn Serializer) {
    let mut out = Vec::new();
    let mut open = serializer.writer(&mut out);
    open.begin_list(None).expect("lists can be written");
    assert!(open.finish().is_err(), "an open list");
    let mut crossed = serializer.writer(&mut out);
    crossed.begin_list(None).expect("lists can be written");
    let _ = crossed.end_dict();
    assert!(crossed.finish().is_err(), "a list that ends as a dictionary");
    let mut half = serializer.writer(&mut out);
    half.begin_dict(None).expect("dictionaries can be written");
    half.text("key").expect("strings can be keys");
    let _ = half.end_dict();
    assert!(half.finish().is_err(), "a key without a value");
}

fn written(serializer: &dyn Serializer, payload: &[Value]) -> Bytes {
    let run = run(serializer, payload).expect("these values can be said in every format");
    event(serializer, &run, payload.len())
}

fn check_payloads(test: impl Fn(&[Value]) -> Result<(), TestCaseError>) {
    if let Err(error) = runner().run(&values::payload(), |payload| test(&payload)) {
        panic!("{error}");
    }
}

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() })
}
