//! Whole messages from values and back, as core makes and reads them.

use bytes::Bytes;
use crossway_core::serializer::{DecodeError, HeadItem, Run, Scan, Serializer, Unrepresentable};
use crossway_core::value::ValueBuilder;
use crossway_core::{Dict, Value};

/// The depth limit that all checks use: the default of the router.
pub const MAX_DEPTH: usize = 100;

/// The run of a payload.
///
/// # Errors
/// What the format can't say.
pub fn run(serializer: &dyn Serializer, payload: &[Value]) -> Result<Vec<u8>, Unrepresentable> {
    let mut run = Vec::new();
    let mut writer = serializer.writer(&mut run);
    payload.iter().try_for_each(|value| value.walk(&mut *writer))?;
    writer.finish()?;
    Ok(run)
}

/// An EVENT around a run of `count` elements.
pub fn event(serializer: &dyn Serializer, run: &[u8], count: usize) -> Bytes {
    let details = Dict::new().with("topic", "com.example.topic");
    let head = [HeadItem::Uint(36), HeadItem::Uint(1 << 53), HeadItem::Uint(7), HeadItem::Dict(&details)];
    let mut frame = Vec::new();
    serializer.encode(&head, Run { raw: run, count }, &mut frame);
    Bytes::from(frame)
}

/// How many elements the head of [`event`] has.
pub const EVENT_HEAD: usize = 4;

/// The run of all elements from `first` on, and how many those are.
pub fn payload<'a>(scan: &'a Scan, frame: &'a Bytes, first: usize) -> (&'a [u8], usize) {
    let items = scan.items().get(first..).unwrap_or_default();
    let bytes = scan.base.as_ref().unwrap_or(frame);
    match items {
        [] => (&[], 0),
        [from, ..] => (&bytes[from.start as usize..items[items.len() - 1].end as usize], items.len()),
    }
}

/// Scans a frame with the usual limit.
///
/// # Errors
/// As [`Serializer::scan`].
pub fn scan(serializer: &dyn Serializer, frame: &Bytes) -> Result<Scan, DecodeError> {
    serializer.scan(frame, MAX_DEPTH)
}

/// The values of a run.
///
/// # Errors
/// What is outside the WAMP data model.
pub fn values(serializer: &dyn Serializer, run: &[u8], count: usize) -> Result<Vec<Value>, Unrepresentable> {
    let mut builder = ValueBuilder::new();
    serializer.walk(run, count, &mut builder)?;
    Ok(builder.into_values())
}

/// Rewrites a run from one format into another.
///
/// # Errors
/// What one of the two can't say.
pub fn transcode(
    from: &dyn Serializer,
    (run, count): (&[u8], usize),
    to: &dyn Serializer,
) -> Result<Vec<u8>, Unrepresentable> {
    let mut out = Vec::new();
    let mut writer = to.writer(&mut out);
    from.walk(run, count, &mut *writer)?;
    writer.finish()?;
    Ok(out)
}
