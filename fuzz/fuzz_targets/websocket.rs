//! Any octets as a stream of WebSocket frames. The first decides between text and binary messages.
#![no_main]

mod pieces;

use crossway_websocket::WebSocketDecoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some((kind, input)) = input.split_first() {
        pieces::decode_alike(input, || WebSocketDecoder::new(2048, kind & 1 == 1));
    }
});
