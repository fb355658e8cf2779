//! Any bytes as a MessagePack message.
#![no_main]

use crossway_msgpack::MessagePack;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| crossway_fuzz::serializer(&MessagePack, frame));
