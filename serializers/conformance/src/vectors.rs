//! The test vectors of the WAMP project, at the level of serializers: every sample is read, and written again as it was.

use std::env;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use crossway_core::Value;
use crossway_core::serializer::{HeadItem, Run, Serializer};
use serde_json::Value as Json;

use crate::message::{self, payload, scan};

/// Checks all samples in the spelling that is called `serializer.name()` in the files.
///
/// They are looked for in the folder that the environment variable `CROSSWAY_VECTORS` names, then in
/// `../shared/spec/vectors` beside the workspace. Where there are none, says so and passes.
pub fn check(serializer: &dyn Serializer) {
    let Some(folder) = folder() else {
        let skipped = "skipped: no test vectors; name their folder in CROSSWAY_VECTORS";
        #[expect(clippy::print_stderr, reason = "who runs the test should know")]
        {
            eprintln!("{skipped}");
        }
        return;
    };
    let samples: Vec<Vec<Vec<u8>>> =
        json_files(&folder).iter().flat_map(|file| samples(file, serializer)).collect();
    assert!(!samples.is_empty(), "no samples in {}", folder.display());
    for variants in &samples {
        let read: Vec<_> = variants.iter().map(|frame| (frame, reencoded(serializer, frame))).collect();
        assert!(
            read.iter().all(|(_, again)| variants.contains(again)),
            "written differently from all variants: {:?}",
            read.iter().map(|(frame, again)| (lossy(frame), lossy(again))).collect::<Vec<_>>()
        );
    }
}

/// Reads a message into values and writes it again: heads as core writes them, the payload through a writer.
fn reencoded(serializer: &dyn Serializer, frame: &[u8]) -> Vec<u8> {
    let frame = Bytes::copy_from_slice(frame);
    let scanned = scan(serializer, &frame).unwrap_or_else(|error| panic!("{error}: {}", lossy(&frame)));
    let (run, count) = payload(&scanned, &frame, 0);
    let values = message::values(serializer, run, count).expect("within the data model");
    let head_items: Option<Vec<_>> = values.iter().map(head_item).collect();
    let again = message::run(serializer, &values).expect("within the data model");
    let mut out = Vec::new();
    serializer.encode(&[], Run { raw: &again, count }, &mut out);
    if let Some(head) = head_items {
        let mut as_head = Vec::new();
        serializer.encode(&head, Run::default(), &mut as_head);
        assert_eq!(lossy(&as_head), lossy(&out), "heads and payloads are written alike");
    }
    out
}

fn head_item(value: &Value) -> Option<HeadItem<'_>> {
    match value {
        Value::Uint(number) => Some(HeadItem::Uint(*number)),
        Value::Text(text) => Some(HeadItem::Text(text)),
        Value::Dict(dict) => Some(HeadItem::Dict(dict)),
        _ => None,
    }
}

fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec/vectors");
    env::var_os("CROSSWAY_VECTORS").map(PathBuf::from).or(Some(beside)).filter(|folder| folder.is_dir())
}

fn json_files(folder: &Path) -> Vec<Json> {
    let mut files = Vec::new();
    for entry in folder.read_dir().expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read(&path).expect("a readable file");
            files.push(
                serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            );
        }
    }
    files
}

/// Of every sample in a file the variants in this spelling.
fn samples(file: &Json, serializer: &dyn Serializer) -> Vec<Vec<Vec<u8>>> {
    let samples = file["samples"].as_array().into_iter().flatten();
    let variants = samples.filter_map(|sample| sample["serializers"][serializer.name()].as_array());
    variants.map(|variants| variants.iter().map(|variant| unhex(&variant["bytes_hex"])).collect()).collect()
}

fn unhex(hex: &Json) -> Vec<u8> {
    let hex = hex.as_str().expect("bytes_hex is a string");
    let digits = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
    digits.collect::<Result<_, _>>().expect("hexadecimal digits")
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| format!("{bytes:02x?}"))
}
