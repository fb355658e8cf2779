use super::Subprotocol;
use crate::testing::Named;

// covers: WS-02, WS-03
#[test]
fn every_format_has_two_names() {
    let names = [
        "wamp.2.json",
        "wamp.2.msgpack",
        "wamp.2.cbor",
        "wamp.2.json.batched",
        "wamp.2.msgpack.batched",
        "wamp.2.cbor.batched",
    ];
    let all: Vec<_> = Subprotocol::all(&Named::all()).map(|subprotocol| subprotocol.to_string()).collect();
    assert_eq!(all, names);
    for name in names {
        let found = Subprotocol::find(&Named::all(), name).map(|found| found.to_string());
        assert_eq!(found.as_deref(), Some(name));
    }
}

#[test]
fn other_names_are_none() {
    for name in
        ["", "json", "wamp.2.", "wamp.2.xml", "wamp.2.JSON", "wamp.2.batched", "wamp.2.json.batched.batched"]
    {
        assert!(Subprotocol::find(&Named::all(), name).is_none(), "{name}");
    }
}
