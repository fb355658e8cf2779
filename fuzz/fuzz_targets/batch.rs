//! Any octets as a batch: what is taken apart is put together again alike, by the one who writes batches.
#![no_main]

use bytes::{Bytes, BytesMut};
use crossway_core::transport::Outgoing;
use crossway_framing::{Batching, Separator};
use libfuzzer_sys::fuzz_target;

const LONGEST: usize = 256;

fuzz_target!(|input: &[u8]| {
    for batching in [Batching::Separated, Batching::Prefixed] {
        let mut rest = Bytes::copy_from_slice(input);
        let (separator, mut again) = (Separator::default(), BytesMut::new());
        loop {
            let before = rest.len();
            let Ok(payload) = batching.take(&mut rest, &separator, LONGEST) else { break };
            assert!(!payload.is_empty() && payload.len() <= LONGEST && rest.len() < before);
            batching.write(Outgoing { head: b"", payload: &payload, tail: b"" }, &mut again);
            separator.translate(&mut again);
            assert_eq!(again, &input[..input.len() - rest.len()]);
            if rest.is_empty() {
                break;
            }
        }
    }
});
