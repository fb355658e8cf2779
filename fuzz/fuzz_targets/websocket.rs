//! Any octets as a stream of WebSocket frames. The first decides between text and binary messages, and whether messages may
//! be compressed.
#![no_main]

mod pieces;

use crossway_websocket::WebSocketDecoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some((kind, input)) = input.split_first() {
        let decoder = || WebSocketDecoder::new(2048, kind & 1 == 1);
        match kind & 2 {
            0 => pieces::decode_alike(input, decoder),
            _ => pieces::decode_alike(input, || decoder().inflating(Default::default())),
        }
    }
});
