//! What sessions may learn of registrations: `wamp.registration.*`.

use crossway_tests::pattern::{ANY, ID};
use crossway_tests::peer::all_roles;
use crossway_tests::{Peer, Plan, everywhere, everywhere_with};
use serde_json::{Value, json};

use crate::meta_sessions::{ask, refused};

const PROCEDURE: &str = "com.app.procedure";

/// Subscribes to all events of registrations; the ids in the order create, register, unregister, delete.
async fn listen(peer: &mut Peer) -> [u64; 4] {
    let mut ids = [0; 4];
    for (at, event) in ["create", "register", "unregister", "delete"].into_iter().enumerate() {
        ids[at] = peer.subscribe(&format!("wamp.registration.on_{event}")).await;
    }
    ids
}

// covers: META-REG-01, META-REG-02, META-REG-03, META-REG-04, META-REG-05, META-REG-06
#[test]
fn every_change_is_told_once_and_in_order() {
    everywhere(async |router, link| {
        let mut listener = Peer::connect(router, link).await;
        let welcome = listener.hello("realm1", all_roles()).await;
        assert_eq!(welcome[2]["roles"]["dealer"]["features"]["registration_meta_api"], true);
        let [create, register, unregister, delete] = listen(&mut listener).await;
        let (mut one, mut other) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let shared = json!({"invoke": "roundrobin"});
        let id = one.register_with(PROCEDURE, shared.clone()).await;
        let facts =
            json!({"id": id, "created": ANY, "uri": PROCEDURE, "match": "exact", "invoke": "roundrobin"});
        listener.expect(json!([36, create, ID, {}, [one.session(), facts]])).await;
        listener.expect(json!([36, register, ID, {}, [one.session(), id]])).await;
        other.register_with(PROCEDURE, shared).await;
        listener.expect(json!([36, register, ID, {}, [other.session(), id]])).await;
        for (peer, last) in [(&mut one, false), (&mut other, true)] {
            let request = peer.request();
            peer.send(json!([66, request, id])).await;
            peer.expect(json!([67, request])).await;
            listener.expect(json!([36, unregister, ID, {}, [peer.session(), id]])).await;
            if last {
                listener.expect(json!([36, delete, ID, {}, [peer.session(), id]])).await;
            }
        }
        let mut elsewhere = Peer::join_as(router, link, "realm2", all_roles()).await;
        elsewhere.register(PROCEDURE).await;
        listener.expect_silence().await;
    });
}

// covers: META-REG-15
#[test]
fn a_session_that_leaves_unregisters_everything() {
    everywhere(async |router, link| {
        let mut listener = Peer::join(router, link).await;
        let [.., unregister, delete] = listen(&mut listener).await;
        let mut peer = Peer::join(router, link).await;
        let id = peer.register(PROCEDURE).await;
        for _ in 0..2 {
            listener.receive().await;
        }
        peer.close().await;
        listener.expect(json!([36, unregister, ID, {}, [peer.session(), id]])).await;
        listener.expect(json!([36, delete, ID, {}, [peer.session(), id]])).await;
    });
}

// covers: META-REG-07, META-REG-08, META-REG-09, META-REG-13
#[test]
fn registrations_are_found_by_policy_and_by_procedure() {
    everywhere(async |router, link| {
        let (mut peer, mut asking) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let exact = peer.register(PROCEDURE).await;
        let prefix = peer.register_with("com.app", json!({"match": "prefix"})).await;
        let wildcard = peer.register_with("com..procedure", json!({"match": "wildcard"})).await;
        let list = ask(&mut asking, "wamp.registration.list", json!([])).await;
        assert_eq!(list, json!([{"exact": [exact], "prefix": [prefix], "wildcard": [wildcard]}]));
        let lookups = [
            (json!([PROCEDURE]), json!(exact)),
            (json!(["com.app", {"match": "prefix"}]), json!(prefix)),
            (json!(["com..procedure", {"match": "wildcard"}]), json!(wildcard)),
            (json!(["com.app"]), Value::Null),
        ];
        for (args, expected) in lookups {
            assert_eq!(
                ask(&mut asking, "wamp.registration.lookup", args.clone()).await,
                json!([expected]),
                "{args}"
            );
        }
        let matches = [
            (PROCEDURE, json!(exact)),
            ("com.app.other", json!(prefix)),
            ("com.other.procedure", json!(wildcard)),
            ("org.nobody", Value::Null),
        ];
        for (procedure, expected) in matches {
            assert_eq!(
                ask(&mut asking, "wamp.registration.match", json!([procedure])).await,
                json!([expected])
            );
        }
        // The router's own are not listed, but there.
        let own = ask(&mut asking, "wamp.registration.lookup", json!(["wamp.session.count"])).await;
        assert_eq!(own, ask(&mut asking, "wamp.registration.match", json!(["wamp.session.count"])).await);
        assert!(own[0].is_u64(), "{own}");
    });
}

// covers: META-REG-10, META-REG-11, META-REG-12
#[test]
fn a_registration_can_be_described() {
    everywhere(async |router, link| {
        let (mut one, mut other) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let id = one.register_with(PROCEDURE, json!({"invoke": "first"})).await;
        other.register_with(PROCEDURE, json!({"invoke": "first"})).await;
        let facts = ask(&mut other, "wamp.registration.get", json!([id])).await;
        let expected = json!([{"id": id, "created": facts[0]["created"], "uri": PROCEDURE, "match": "exact", "invoke": "first"}]);
        assert_eq!(facts, expected);
        let callees = ask(&mut one, "wamp.registration.list_callees", json!([id])).await;
        assert_eq!(callees, json!([[one.session(), other.session()]]));
        assert_eq!(ask(&mut one, "wamp.registration.count_callees", json!([id])).await, json!([2]));
        for procedure in ["get", "list_callees", "count_callees"] {
            for unknown in [99_999, 0] {
                let procedure = format!("wamp.registration.{procedure}");
                let uri = refused(&mut one, &procedure, json!([unknown]), json!({})).await;
                assert_eq!(uri, "wamp.error.no_such_registration");
            }
        }
    });
}

// covers: META-REG-14
#[test]
fn a_registration_can_be_taken_away_but_not_from_the_router() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let details = json!({"roles": {"callee": {"features": {"registration_revocation": true}}}});
        let mut victim = Peer::join_as(router, link, "realm1", details).await;
        let id = victim.register(PROCEDURE).await;
        let args = json!([id, victim.session()]);
        let remove = "wamp.registration.remove_callee";
        let reason = "com.app.why";
        assert_eq!(ask(&mut peer, remove, json!([id, victim.session(), reason])).await, json!([]));
        victim.expect(json!([67, 0, {"registration": id, "reason": reason}])).await;
        assert_eq!(refused(&mut peer, remove, args, json!({})).await, "wamp.error.no_such_registration");
        let call = peer.call(PROCEDURE, json!([])).await;
        peer.expect_error(48, call, "wamp.error.no_such_procedure").await;
        let own = ask(&mut peer, "wamp.registration.lookup", json!(["wamp.session.count"])).await[0].clone();
        let router_session =
            ask(&mut peer, "wamp.registration.list_callees", json!([own])).await[0][0].clone();
        let args = json!([own, router_session]);
        assert_eq!(refused(&mut peer, remove, args, json!({})).await, "wamp.error.no_such_session");
        ask(&mut peer, "wamp.session.count", json!([])).await;
    });
}
