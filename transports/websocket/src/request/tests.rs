use super::{LONGEST, Request, end_of_head};
use crate::response::Status;

fn parse(head: &str) -> Request {
    Request::parse(head.as_bytes()).expect("a request")
}

#[test]
fn the_end_is_found_wherever_the_search_began() {
    let octets = b"GET / HTTP/1.1\r\n\r\n\x81";
    for searched in 0..octets.len() - 1 {
        assert_eq!(end_of_head(octets, searched), Some(octets.len() - 1), "searched {searched}");
    }
    assert_eq!(end_of_head(b"\r\n\r", 3), None);
}

#[test]
fn an_end_beyond_the_limit_is_none() {
    let mut octets = vec![b'x'; LONGEST - 3];
    octets.extend(b"\r\n\r\n");
    assert_eq!(end_of_head(&octets, 0), None);
}

#[test]
fn lists_are_joined_and_compared_without_case() {
    let request = parse("GET / HTTP/1.1\r\nConnection: keep-alive ,, Upgrade\r\nconnection:\tother\r\n\r\n");
    assert_eq!(request.list("connection").collect::<Vec<_>>(), ["keep-alive", "Upgrade", "other"]);
    assert!(request.has("connection", "UPGRADE"));
    assert!(!request.has("connection", "upgrad"));
    assert!(!request.has("upgrade", "websocket"));
}

#[test]
fn a_path_ends_where_the_query_begins() {
    for target in ["/ws", "/ws?a=1", "/ws?a=/x#y", "/ws#y"] {
        assert_eq!(parse(&format!("GET {target} HTTP/1.1\r\n\r\n")).path, "/ws");
    }
}

#[test]
fn headers_that_are_no_text_are_left_out() {
    let head = b"GET / HTTP/1.1\r\nCookie: \xFF\r\nHost: x\r\n\r\n";
    let request = Request::parse(head).expect("a request");
    assert_eq!((request.header("cookie"), request.header("host")), (None, Some("x")));
}

#[test]
fn incomplete_is_not_wrong() {
    for head in ["", "GET", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x"] {
        assert_eq!(Request::parse(head.as_bytes()).expect_err("incomplete").status, Status::Incomplete);
    }
}
