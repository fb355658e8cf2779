use super::{Target, claims};

// covers: LP-07
#[test]
fn four_things_can_be_asked_for() {
    let cases = [
        ("/lp/open", Some(Target::Open)),
        ("/lp/abc/receive", Some(Target::Receive("abc"))),
        ("/lp/abc/send", Some(Target::Send("abc"))),
        ("/lp/abc/close", Some(Target::Close("abc"))),
        ("/lp//send", Some(Target::Send(""))),
        ("/lp", None),
        ("/lp/", None),
        ("/lp/abc", None),
        ("/lp/abc/sends", None),
        ("/lp/abc/send/", None),
        ("/lpx/open", None),
        ("/open", None),
        ("*", None),
    ];
    for (path, expected) in cases {
        assert_eq!(Target::parse("/lp", path), expected, "{path}");
    }
}

#[test]
fn the_first_octets_of_a_connection_tell() {
    for (seen, expected) in [
        ("POST /lp/open HTTP/1.1\r\n", Some(true)),
        ("OPTIONS /lp/abc", Some(true)),
        ("GET /lp/", Some(true)),
        ("GET /lpx/", Some(false)),
        ("GET /ws HTTP/1.1", Some(false)),
        ("GET / HTTP/1.1", Some(false)),
        ("POST /lp", None),
        ("POST ", None),
        ("P", None),
        ("", None),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", Some(false)),
    ] {
        assert_eq!(claims("/lp", seen.as_bytes()), expected, "{seen}");
    }
}
