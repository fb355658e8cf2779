//! RawSocket: handshakes and frames.

use std::sync::atomic::Ordering::Relaxed;

use crossway_tests::wire::Stream;
use crossway_tests::{Carrier, Peer, Plan, TestRouter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{answer, beside_a_bystander, until_closed};

// covers: RAW-03, RAW-04
#[test]
fn bad_rawsocket_magic() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        for first in [0x00, 0x7E, 0x80, b'G', 0xFF] {
            assert_eq!(answer(router, link.carrier, &[first, 0xF1, 0, 0]).await, b"", "{first:#x}");
        }
    });
}

// covers: RAW-06, RAW-09, RAW-10, RAW-14, RAW-15, RAW-16
#[test]
fn bad_rawsocket_serializer() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        assert_eq!(answer(router, link.carrier, &[0x7F, 0xF0, 0, 0]).await, b"", "0 is no serializer");
        for serializer in 4..=15 {
            assert_eq!(
                answer(router, link.carrier, &[0x7F, 0xF0 | serializer, 0, 0]).await,
                [0x7F, 0x10, 0, 0]
            );
        }
    });
}

// covers: RAW-07, RAW-08, RAW-12, RAW-16
#[test]
fn reserved_bits_in_the_rawsocket_handshake() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        for reserved in [[1, 0], [0, 1], [0xFF, 0xFF]] {
            let request = [0x7F, 0xF1, reserved[0], reserved[1]];
            assert_eq!(answer(router, link.carrier, &request).await, [0x7F, 0x30, 0, 0]);
        }
    });
}

// covers: RAW-13, RAW-16
#[test]
fn one_rawsocket_connection_too_many() {
    let plan = || Plan { max_connections: 1, ..Plan::default() };
    beside_a_bystander(&Carrier::RAWSOCKET, plan, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        assert_eq!(answer(router, link.carrier, &[0x7F, 0xF1, 0, 0]).await, [0x7F, 0x40, 0, 0]);
        assert_eq!(router.listener(link.carrier).refused.load(Relaxed), 1);
        peer.expect_silence().await;
    });
}

// covers: RAW-02, RAW-05, RAW-17, RAW-18, RAW-19
#[test]
fn the_rawsocket_answer_states_the_limit_of_the_router_whatever_the_client_says() {
    let plan = || Plan { max_message: 1 << 12, ..Plan::default() };
    beside_a_bystander(&Carrier::RAWSOCKET, plan, async |router, link| {
        for length in [0, 7, 15] {
            for serializer in 1..=3 {
                let mut stream = router.dial(link.carrier).await;
                stream.write_all(&[0x7F, length << 4 | serializer, 0, 0]).await.expect("the router listens");
                stream.flush().await.expect("the router listens");
                let mut reply = [0; 4];
                stream.read_exact(&mut reply).await.expect("the router answers");
                assert_eq!(reply, [0x7F, 3 << 4 | serializer, 0, 0], "2^(9+3) octets");
            }
        }
    });
}

/// A RawSocket connection with its handshake done.
async fn rawsocket(router: &TestRouter, carrier: Carrier) -> Stream {
    let mut stream = router.dial(carrier).await;
    stream.write_all(&[0x7F, 0xF1, 0, 0]).await.expect("the router listens");
    stream.flush().await.expect("the router listens");
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await.expect("the router answers");
    assert_eq!(reply[..2], [0x7F, 0xF1]);
    stream
}

async fn after_handshake(router: &TestRouter, carrier: Carrier, octets: &[u8]) -> Vec<u8> {
    let mut stream = rawsocket(router, carrier).await;
    let _ = stream.write_all(octets).await;
    let _ = stream.flush().await;
    until_closed(&mut stream).await
}

// covers: RAW-24, RAW-27
#[test]
fn reserved_rawsocket_frame_types_and_bits() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        for first in [3, 4, 5, 6, 7, 0x10, 0x20, 0x40, 0x80, 0xF0] {
            assert_eq!(
                after_handshake(router, link.carrier, &[first, 0, 0, 1, b'x']).await,
                b"",
                "{first:#x}"
            );
        }
    });
}

// covers: RAW-21, RAW-25, RAW-26
#[test]
fn a_rawsocket_length_over_the_limit() {
    let plan = || Plan { max_message: 512, ..Plan::default() };
    beside_a_bystander(&Carrier::RAWSOCKET, plan, async |router, link| {
        // From the prefix alone: the octets that it announces never come. The last two are 2^24 and nonsense.
        for prefix in [[0, 0, 2, 1], [0, 0xFF, 0xFF, 0xFF], [1, 0xFF, 0, 0], [8, 0, 0, 0], [8, 0, 0, 1]] {
            let mut stream = router.dial(link.carrier).await;
            stream.write_all(&[&[0x7F, 0xF1, 0, 0], &prefix[..]].concat()).await.expect("the router listens");
            stream.flush().await.expect("the router listens");
            assert_eq!(until_closed(&mut stream).await, [0x7F, 0x01, 0, 0], "{prefix:?}");
        }
    });
}

// covers: RAW-32
#[test]
fn an_empty_rawsocket_message() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        let reply = after_handshake(router, link.carrier, &[0, 0, 0, 0]).await;
        assert!(String::from_utf8_lossy(&reply).contains("wamp.error.protocol_violation"), "{reply:?}");
    });
}

// covers: RAW-23, RAW-27, RAW-28, RAW-29, RAW-30, RAW-31
#[test]
fn rawsocket_pings_are_answered_in_any_state_and_pongs_ignored() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        let mut stream = rawsocket(router, link.carrier).await;
        let long = [&[1, 0, 0x10, 0][..], &[b'p'; 0x1000]].concat();
        for ping in [&[1, 0, 0, 0][..], b"\x01\0\0\x03abc", &long] {
            // An unsolicited PONG before it.
            stream.write_all(&[b"\x02\0\0\x01?", ping].concat()).await.expect("the router listens");
            stream.flush().await.expect("the router listens");
            let mut pong = vec![0; ping.len()];
            stream.read_exact(&mut pong).await.expect("the router answers");
            assert_eq!((pong[0], &pong[1..]), (2, &ping[1..]));
        }
    });
}
