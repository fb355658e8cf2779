//! Any octets as a stream of RawSocket frames.
#![no_main]

mod pieces;

use crossway_rawsocket::RawSocketDecoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| pieces::decode_alike(input, || RawSocketDecoder::new(2048, 512)));
