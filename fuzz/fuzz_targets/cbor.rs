//! Any bytes as a Cbor message.
#![no_main]

use crossway_cbor::Cbor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| crossway_fuzz::serializer(&Cbor, frame));
