use crossway_framing::testing::Named;
use proptest::prelude::*;

use super::{answer, choose};
use crate::LongPollOptions;

fn chosen(body: &str) -> Result<String, String> {
    choose(body.as_bytes(), &LongPollOptions::new(Named::all())).map(|subprotocol| subprotocol.to_string())
}

// covers: LP-02, LP-04, LP-05
#[test]
fn the_first_protocol_that_we_have_is_chosen() {
    for (body, protocol) in [
        (r#"{"protocols": ["wamp.2.json"]}"#, "wamp.2.json"),
        (r#"{"protocols": ["wamp.2.xml", "wamp.2.cbor.batched", "wamp.2.json"]}"#, "wamp.2.cbor.batched"),
        (r#" {"more": [1], "protocols": ["wamp.2.msgpack"]} "#, "wamp.2.msgpack"),
    ] {
        assert_eq!(chosen(body).as_deref(), Ok(protocol));
    }
}

// covers: LP-02, LP-05
#[test]
fn what_is_wrong_is_said() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"protocols": "wamp.2.json"}"#,
        r#"{"protocols": [1]}"#,
        "\u{FFFD}",
        "{} {}",
    ] {
        let why = chosen(body).expect_err(body);
        assert!(why.starts_with("wanted: "), "{why}");
    }
    for body in [r#"{"protocols": []}"#, r#"{"protocols": ["wamp.2.ubjson", ""]}"#] {
        let why = chosen(body).expect_err(body);
        assert!(why.contains("wamp.2.json, wamp.2.msgpack, wamp.2.cbor, wamp.2.json.batched"), "{why}");
    }
}

// covers: LP-06
#[test]
fn the_answer_names_protocol_and_transport() {
    let options = LongPollOptions::new(Named::all());
    let Ok(subprotocol) = choose(br#"{"protocols": ["wamp.2.json"]}"#, &options) else { panic!("refused") };
    assert_eq!(answer(&subprotocol, "abc"), r#"{"protocol":"wamp.2.json","transport":"abc"}"#);
}

proptest! {
    #[test]
    fn any_body_is_answered(body in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _either_way = choose(&body, &LongPollOptions::new(Named::all()));
    }
}
