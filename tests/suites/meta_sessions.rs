//! What sessions may learn of each other: `wamp.session.*`, and the events of those who come and go.

use std::sync::Arc;

use crossway_core::{MetaApi, RealmConfig};
use crossway_tests::pattern::{ANY, ID, MORE, REST};
use crossway_tests::peer::all_roles;
use crossway_tests::{
    Carrier, Format, Link, Peer, Plan, TestRouter, everywhere, everywhere_with, on_memory, on_threads,
    trusting,
};
use serde_json::{Value, json};

/// A realm like `realm1`, with as much of the meta API as that.
pub(crate) fn realm(meta: MetaApi) -> Plan {
    let anonymous = Arc::new(crossway_anonymous::Anonymous::default());
    Plan::realm(trusting(RealmConfig::new("realm1").authenticator(anonymous).meta_api(meta)))
}

/// Calls a procedure; returns the positional results.
pub(crate) async fn ask(peer: &mut Peer, procedure: &str, args: Value) -> Value {
    ask_with(peer, procedure, args, json!({})).await
}

/// As [`ask`], with keyword arguments.
pub(crate) async fn ask_with(peer: &mut Peer, procedure: &str, args: Value, kwargs: Value) -> Value {
    let request = peer.request();
    peer.send(json!([48, request, {}, procedure, args, kwargs])).await;
    let result = peer.expect(json!([50, request, {}, REST])).await;
    result.get(3).cloned().unwrap_or_else(|| json!([]))
}

/// Calls a procedure that answers with an error and a sentence; returns the URI.
pub(crate) async fn refused(peer: &mut Peer, procedure: &str, args: Value, kwargs: Value) -> String {
    let request = peer.request();
    peer.send(json!([48, request, {}, procedure, args, kwargs])).await;
    let error = peer.expect(json!([8, 48, request, {}, ANY, [ANY]])).await;
    assert!(error[5][0].as_str().is_some_and(|text| text.len() > 10), "{error}");
    error[4].as_str().expect("a URI").to_owned()
}

/// Ids in ascending order.
pub(crate) fn sorted(ids: &Value) -> Vec<u64> {
    let mut ids: Vec<_> =
        ids.as_array().expect("a list").iter().map(|id| id.as_u64().expect("an id")).collect();
    ids.sort_unstable();
    ids
}

/// A session is in the list until it has left.
async fn until_gone(peer: &mut Peer, session: u64) {
    while sorted(&ask(peer, "wamp.session.list", json!([])).await[0]).contains(&session) {
        tokio::task::yield_now().await;
    }
}

// covers: META-SESS-01
#[test]
fn broker_and_dealer_announce_it() {
    everywhere(async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let welcome = peer.hello("realm1", all_roles()).await;
        for role in ["broker", "dealer"] {
            assert_eq!(welcome[2]["roles"][role]["features"]["session_meta_api"], true, "{role}");
        }
    });
}

// covers: META-SESS-02, META-SESS-07, META-SESS-08, RPC-24, URI-11
#[test]
fn sessions_are_counted_and_listed() {
    everywhere(async |router, link| {
        let mut one = Peer::join(router, link).await;
        assert_eq!(ask(&mut one, "wamp.session.count", json!([])).await, json!([1]));
        assert_eq!(ask(&mut one, "wamp.session.list", json!([])).await, json!([[one.session()]]));
        let other = Peer::join(router, link).await;
        assert_eq!(ask(&mut one, "wamp.session.count", json!([])).await, json!([2]));
        let list = ask(&mut one, "wamp.session.list", json!([])).await;
        let mut both = [one.session(), other.session()];
        both.sort_unstable();
        assert_eq!(sorted(&list[0]), both);
    });
}

// covers: META-SESS-07, META-SESS-08
#[test]
fn a_list_of_roles_admits_those_who_have_one_of_them() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let cases = [
            (json!([["anonymous"]]), 1),
            (json!([["admin", "anonymous"]]), 1),
            (json!([["admin"]]), 0),
            // A list that is there but empty counts as there.
            (json!([[]]), 0),
            (json!([null]), 1),
        ];
        for (args, expected) in cases {
            assert_eq!(ask(&mut peer, "wamp.session.count", args.clone()).await, json!([expected]), "{args}");
            let list = ask(&mut peer, "wamp.session.list", args.clone()).await;
            assert_eq!(list[0].as_array().map(Vec::len), Some(expected), "{args}");
        }
        let named =
            ask_with(&mut peer, "wamp.session.count", json!([]), json!({"filter_authroles": ["admin"]}))
                .await;
        assert_eq!(named, json!([0]));
    });
}

// covers: META-SESS-09, META-SESS-22, META-SESS-04
#[test]
fn a_session_can_be_described() {
    everywhere(async |router, link| {
        let mut one = Peer::join(router, link).await;
        let mut other = Peer::connect(router, link).await;
        let welcome = other.hello("realm1", all_roles()).await;
        let details = ask(&mut one, "wamp.session.get", json!([other.session()])).await;
        let protocol = format!("wamp.2.{}", format!("{:?}", link.format).to_lowercase());
        let is_secure = match link.carrier {
            Carrier::Ws | Carrier::Tcp => json!(false),
            Carrier::Wss | Carrier::Tls | Carrier::Memory => json!(true),
            _ => details[0]["transport"]["secure"].clone(),
        };
        let expected = json!([{
            "session": other.session(),
            "authid": welcome[2]["authid"],
            "authrole": "anonymous",
            "authmethod": "anonymous",
            "authprovider": welcome[2]["authprovider"],
            "transport": {
                "type": details[0]["transport"]["type"],
                "protocol": protocol,
                "secure": is_secure,
            },
        }]);
        assert_eq!(details, expected);
        assert!(details[0]["transport"]["type"].is_string());
        for unknown in [json!([1]), json!([0]), json!([u64::MAX])] {
            assert_eq!(
                refused(&mut one, "wamp.session.get", unknown, json!({})).await,
                "wamp.error.no_such_session"
            );
        }
    });
}

// covers: META-SESS-06
#[test]
fn sessions_of_other_realms_do_not_exist() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut here = Peer::join(router, link).await;
        let mut there = Peer::join_as(router, link, "realm2", all_roles()).await;
        let seen = here.subscribe("wamp.session.on_join").await;
        assert_eq!(ask(&mut here, "wamp.session.count", json!([])).await, json!([1]));
        let foreign = json!([there.session()]);
        for procedure in ["wamp.session.get", "wamp.session.kill"] {
            let uri = refused(&mut here, procedure, foreign.clone(), json!({})).await;
            assert_eq!(uri, "wamp.error.no_such_session");
        }
        assert_eq!(ask(&mut here, "wamp.session.kill_all", json!([])).await, json!([0]));
        there.expect_silence().await;
        let _another = Peer::join_as(router, link, "realm2", all_roles()).await;
        here.expect_silence().await;
        let friend = Peer::join(router, link).await;
        here.expect(json!([36, seen, ID, {}, [{"session": friend.session(), MORE: 0}]])).await;
    });
}

// covers: META-SESS-21
#[test]
fn wrong_arguments_are_named() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let cases = [
            ("wamp.session.count", json!(["anonymous"]), json!({})),
            ("wamp.session.count", json!([[1]]), json!({})),
            ("wamp.session.count", json!([["a"], 2]), json!({})),
            ("wamp.session.list", json!([{}]), json!({})),
            ("wamp.session.get", json!([]), json!({})),
            ("wamp.session.get", json!([null]), json!({})),
            ("wamp.session.get", json!(["1"]), json!({})),
            ("wamp.session.get", json!([-1]), json!({})),
            ("wamp.session.kill", json!([]), json!({})),
            ("wamp.session.kill", json!([1]), json!({"message": 1})),
            ("wamp.session.kill", json!([1]), json!({"reason": 1})),
            ("wamp.session.kill_by_authid", json!([7]), json!({})),
            ("wamp.session.kill_all", json!([1]), json!({})),
        ];
        for (procedure, args, kwargs) in cases {
            let uri = refused(&mut peer, procedure, args.clone(), kwargs).await;
            assert_eq!(uri, "wamp.error.invalid_argument", "{procedure} {args}");
        }
    });
}

// covers: META-SESS-03, META-SESS-04, META-SESS-05, META-SESS-19, META-SESS-20, META-SESS-22, URI-10
#[test]
fn who_comes_and_goes_is_told_to_those_who_listen() {
    everywhere(async |router, link| {
        let mut listener = Peer::join(router, link).await;
        let joins = listener.subscribe("wamp.session.on_join").await;
        let leaves = listener.subscribe("wamp.session.on_leave").await;
        let mut guest = Peer::join(router, link).await;
        let event = listener.expect(json!([36, joins, ID, {}, [{MORE: 0}]])).await;
        let details = ask(&mut listener, "wamp.session.get", json!([guest.session()])).await;
        assert_eq!(event[4], details);
        guest.send(json!([6, {}, "wamp.close.normal"])).await;
        guest.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        let gone = json!([guest.session(), details[0]["authid"], "anonymous"]);
        listener.expect(json!([36, leaves, ID, {}, gone])).await;
        // A connection that is lost is a session that leaves.
        let mut guest = Peer::join(router, link).await;
        let event = listener.expect(json!([36, joins, ID, {}, [{MORE: 0}]])).await;
        guest.close().await;
        let gone = json!([guest.session(), event[4][0]["authid"], "anonymous"]);
        listener.expect(json!([36, leaves, ID, {}, gone])).await;
    });
}

// covers: META-SESS-19
#[test]
fn a_second_session_on_the_same_connection_is_told_of_as_well() {
    everywhere(async |router, link| {
        let mut listener = Peer::join(router, link).await;
        let joins = listener.subscribe("wamp.session.on_join").await;
        let mut guest = Peer::join(router, link).await;
        listener.expect(json!([36, joins, ID, {}, [{"session": guest.session(), MORE: 0}]])).await;
        guest.send(json!([6, {}, "wamp.close.normal"])).await;
        guest.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        guest.hello("realm1", all_roles()).await;
        listener.expect(json!([36, joins, ID, {}, [{"session": guest.session(), MORE: 0}]])).await;
    });
}

// covers: URI-08, URI-09
#[test]
fn nobody_but_the_router_publishes_or_offers_what_is_reserved() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        peer.subscribe("wamp.session.on_join").await;
        let request = peer.request();
        peer.send(
            json!([16, request, {"acknowledge": true, "exclude_me": false}, "wamp.session.on_join", [1]]),
        )
        .await;
        peer.expect_error(16, request, "wamp.error.invalid_uri").await;
        for procedure in ["wamp.session.count", "wamp.session.of_mine"] {
            let request = peer.request();
            peer.send(json!([64, request, {}, procedure])).await;
            peer.expect_error(64, request, "wamp.error.invalid_uri").await;
        }
    });
}

// covers: FEAT-10, META-SESS-21
#[test]
fn a_realm_may_answer_questions_only() {
    let link = Link::DEFAULT;
    on_memory(realm(MetaApi::ReadOnly), async |router| {
        let mut peer = Peer::join(router, link).await;
        let joins = peer.subscribe("wamp.session.on_join").await;
        let mut other = Peer::join(router, link).await;
        peer.expect(json!([36, joins, ID, {}, [{MORE: 0}]])).await;
        assert_eq!(ask(&mut peer, "wamp.session.count", json!([])).await, json!([2]));
        let other_id = other.session();
        let kept = other.subscribe("com.app.topic").await;
        for (procedure, args) in [
            ("wamp.session.kill", json!([other_id])),
            ("wamp.session.kill_by_authid", json!(["x"])),
            ("wamp.session.kill_by_authrole", json!(["anonymous"])),
            ("wamp.session.kill_all", json!([])),
            ("wamp.session.add_testament", json!(["com.app.topic", [], {}])),
            ("wamp.session.flush_testaments", json!([])),
            ("wamp.subscription.remove_subscriber", json!([kept, other_id])),
            ("wamp.registration.remove_callee", json!([1, other_id])),
        ] {
            let uri = refused(&mut peer, procedure, args, json!({})).await;
            assert_eq!(uri, "wamp.error.not_authorized", "{procedure}");
        }
        other.expect_silence().await;
        let mut third = Peer::connect(router, link).await;
        let roles = third.hello("realm1", all_roles()).await[2]["roles"].clone();
        assert_eq!(roles["broker"]["features"]["subscription_meta_api"], true);
        assert_eq!(roles["broker"]["features"]["event_history"], true);
        assert_eq!(roles["broker"]["features"]["subscription_revocation"], Value::Null);
        assert_eq!(roles["dealer"]["features"]["testament_meta_api"], Value::Null);
    });
}

// covers: FEAT-10, META-SESS-01
#[test]
fn a_realm_may_have_no_meta_api() {
    let link = Link::DEFAULT;
    on_memory(realm(MetaApi::Off), async |router| {
        let mut peer = Peer::connect(router, link).await;
        let welcome = peer.hello("realm1", all_roles()).await;
        for role in ["broker", "dealer"] {
            let features = welcome[2]["roles"][role]["features"].as_object().expect("features");
            let gone = |name: &&String| name.ends_with("_meta_api") || *name == "event_history";
            assert_eq!(features.keys().find(gone), None);
            assert_eq!(welcome[2]["roles"][role]["reflection"], Value::Null);
        }
        peer.subscribe("wamp.session.on_join").await;
        let _other = Peer::join(router, link).await;
        let request = peer.call("wamp.session.count", json!([])).await;
        peer.expect_error(48, request, "wamp.error.no_such_procedure").await;
        peer.expect_silence().await;
    });
}

// covers: META-SESS-02
#[test]
fn limits_for_clients_do_not_keep_the_router_from_its_own_procedures() {
    let plan = Plan::limits(|limits| {
        limits.max_registrations = 1;
        limits.outbox_messages = 1;
        limits.outbox_bytes = 600;
        limits.outbox_reply_bytes = 600;
    });
    on_memory(plan, async |router| {
        let mut peer = Peer::join(router, Link::DEFAULT).await;
        assert_eq!(ask(&mut peer, "wamp.session.count", json!([])).await, json!([1]));
    });
}

/// Many ask at once, from several threads, while others come and go.
#[test]
fn questions_are_answered_however_many_there_are() {
    on_threads(Plan::default(), async |router: &TestRouter| {
        let link = Carrier::Memory.with(Format::MsgPack);
        let mut asking = Peer::join(router, link).await;
        for round in 0..20 {
            let mut guest = Peer::join(router, link).await;
            let mut requests = Vec::new();
            for _ in 0..100 {
                requests.push(asking.call("wamp.session.count", json!([])).await);
            }
            for request in requests {
                asking.expect(json!([50, request, {}, [ANY]])).await;
            }
            guest.close().await;
            until_gone(&mut asking, guest.session()).await;
            assert_eq!(ask(&mut asking, "wamp.session.count", json!([])).await, json!([1]), "round {round}");
        }
    });
}
