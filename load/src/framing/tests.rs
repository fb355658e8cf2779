//! Frames cut anywhere, and octets that are none.

use super::*;

const ALL: [Framing; 7] = [
    Framing::RawSocket,
    Framing::WebSocket { text: true },
    Framing::WebSocket { text: false },
    Framing::Forward,
    Framing::Nats,
    Framing::Redis,
    Framing::Mqtt,
];

fn put(framing: Framing, content: &[u8]) -> Vec<u8> {
    let target = Target { subject: "topic".into(), inbox: None };
    let mut out = Vec::new();
    framing.put(&mut out, &mut Vec::new(), (&target, 7), |octets| octets.extend_from_slice(content));
    out
}

/// What a server makes of a frame of ours before it passes it on.
fn served(framing: Framing, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let around = |head: String, end: &[u8]| [head.as_bytes(), content, end].concat();
    match framing {
        Framing::WebSocket { .. } => {
            let head: Vec<u8> = match length {
                0..126 => vec![0x81, length as u8],
                126..0x1_0000 => [&[0x81, 126], &(length as u16).to_be_bytes()[..]].concat(),
                _ => [&[0x81, 127], &(length as u64).to_be_bytes()[..]].concat(),
            };
            [&head, content].concat()
        }
        Framing::Nats => around(format!("MSG topic 1 _r.7 {length}\r\n"), b"\r\n"),
        Framing::Redis => around(format!("*3\r\n$7\r\nmessage\r\n$5\r\ntopic\r\n${length}\r\n"), b"\r\n"),
        _ => put(framing, content),
    }
}

#[test]
fn a_frame_is_found_when_it_is_whole_and_not_before() {
    for framing in ALL {
        for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536, 300_000] {
            let content = vec![b'x'; length];
            let octets = served(framing, &content);
            for cut in (0..octets.len().min(64)).chain([octets.len() - 1]) {
                assert_eq!(
                    framing.next(&octets[..cut]).unwrap(),
                    None,
                    "{framing:?} cut at {cut} of {}",
                    octets.len()
                );
            }
            let frame = framing.next(&[&octets[..], b"more"].concat()).unwrap().unwrap();
            assert_eq!((frame.length, frame.kind), (octets.len(), Kind::Message), "{framing:?}");
            assert_eq!(&octets[frame.body], content);
            if matches!(framing, Framing::Forward | Framing::Nats) {
                assert_eq!(frame.lane, 7);
            }
        }
    }
}

#[test]
fn websocket_frames_of_a_client_are_masked() {
    for length in [0, 5, 125, 126, 70_000] {
        let content: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let octets = put(Framing::WebSocket { text: false }, &content);
        let head = match length {
            0..126 => 2,
            126..0x1_0000 => 4,
            _ => 10,
        };
        assert_eq!((octets[0], octets[1] & 0x80), (0x82, 0x80));
        let (mask, masked) = octets[head..].split_first_chunk::<4>().unwrap();
        assert!(mask.iter().all(|octet| *octet != 0));
        let unmasked: Vec<u8> =
            masked.iter().zip(mask.iter().cycle()).map(|(octet, mask)| octet ^ mask).collect();
        assert_eq!(unmasked, content);
    }
}

#[test]
fn pings_are_answered_in_kind() {
    let pong = |framing: Framing, ping: &[u8]| {
        let frame = framing.next(ping).unwrap().unwrap();
        assert_eq!(frame.kind, Kind::Ping);
        let mut out = Vec::new();
        framing.pong(&mut out, &ping[frame.body]);
        out
    };
    assert_eq!(pong(Framing::RawSocket, b"\x01\0\0\x02hi"), b"\x02\0\0\x02hi");
    assert_eq!(pong(Framing::Nats, b"PING\r\n"), b"PONG\r\n");
    let websocket = pong(Framing::WebSocket { text: true }, b"\x89\x02hi");
    assert_eq!((websocket[0], websocket[1], websocket.len()), (0x8a, 0x82, 8));
}

#[test]
fn messages_in_pieces_and_goodbyes() {
    let kind = |octets: &[u8]| Framing::WebSocket { text: true }.next(octets).unwrap().unwrap().kind;
    assert_eq!(
        [kind(b"\x01\x01a"), kind(b"\x00\x01b"), kind(b"\x80\x01c")],
        [Kind::First, Kind::Middle, Kind::Last]
    );
    assert_eq!(kind(b"\x88\x00"), Kind::Close);
}

#[test]
fn octets_that_are_no_frame_are_errors_and_no_panics() {
    assert!(Framing::RawSocket.next(b"\x03\0\0\x00").is_err());
    assert!(Framing::WebSocket { text: true }.next(b"\xc1\x00").is_err());
    assert!(Framing::WebSocket { text: true }.next(b"\x81\x80").is_err());
    assert!(Framing::WebSocket { text: true }.next(b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
    assert!(Framing::Nats.next(b"-ERR 'Unknown'\r\n").is_err());
    assert!(
        Framing::Nats
            .next(b"MSG\r\n")
            .is_ok_and(|frame| frame.is_some_and(|frame| frame.kind == Kind::Ignored))
    );
    assert!(Framing::Nats.next(b"MSG a 1 99999999999999999999\r\n").is_err());
    assert!(Framing::Redis.next(b"-ERR no\r\n").is_err());
    assert!(Framing::Mqtt.next(b"\x30\xff\xff\xff\xff\x01").is_err());
    assert!(Framing::Mqtt.next(b"\x30\x02\xff\xff").is_err());
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for framing in ALL {
        for _ in 0..20_000 {
            let octets: Vec<u8> = (0..12).map(|_| random()).collect();
            let _ = framing.next(&octets);
        }
    }
}

#[test]
fn refusals_are_told_in_words() {
    let refusal = |framing: Framing, octets: &[u8]| {
        framing.greeted(octets, Format::Cbor, &Purpose::Idle).unwrap_err().to_string()
    };
    assert_eq!(refusal(Framing::RawSocket, b"\x7f\x10\0\0"), "it does not speak cbor over RawSocket");
    assert_eq!(refusal(Framing::RawSocket, b"HTTP"), "this is HTTP, not RawSocket: try ws://");
    let websocket = Framing::WebSocket { text: false };
    let answer = b"HTTP/1.1 404 Not Found\r\n\r\n";
    assert_eq!(refusal(websocket, answer), "it does not switch to WebSocket: HTTP/1.1 404 Not Found");
    let answer = b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: 6O189GTFryvRME4vGBfpaoBGBxw=\r\n\r\n";
    assert_eq!(refusal(websocket, answer), "it does not speak cbor over WebSocket, it chose \"\"");
    assert_eq!(refusal(Framing::Forward, b"\x7f\x10\0\0"), "this is no `crossway bench forward`");
    let calls = Purpose::Callee { procedure: "p".into() };
    let url: Url = "redis://localhost".parse().unwrap();
    let mut out = Outbox::new(Framing::Redis, Target::default());
    let refused = Framing::Redis.greet(&url, Format::Json, &calls, &mut out).unwrap_err();
    assert_eq!(refused.to_string(), "Redis has no calls");
}
