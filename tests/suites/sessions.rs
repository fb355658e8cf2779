//! How sessions begin and end.

use crossway_tests::pattern::ID;
use crossway_tests::{Peer, everywhere};
use serde_json::json;

// covers: SESS-03, SESS-05
#[test]
fn hello_is_answered_with_welcome() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        alice.subscribe("com.myapp.topic").await;
        alice.send(json!([6, {}, "wamp.close.close_realm"])).await;
        alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        let _ = ID;
    });
}
