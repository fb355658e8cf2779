//! Any bytes as a Json message.
#![no_main]

use crossway_json::Json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| crossway_fuzz::serializer(&Json, frame));
