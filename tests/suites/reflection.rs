//! What the router says of itself.

use crossway_tests::pattern::{ANY, REST, matches};
use crossway_tests::peer::all_roles;
use crossway_tests::{Link, Peer, Plan, everywhere, on_memory};
use serde_json::{Value, json};

use crate::meta_sessions::{ask, refused};

// covers: REFL-01, REFL-02
#[test]
fn everything_the_router_provides_is_listed_and_described() {
    everywhere(async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let welcome = peer.hello("realm1", all_roles()).await;
        assert_eq!(welcome[2]["roles"]["broker"]["reflection"], true);
        assert_eq!(welcome[2]["roles"]["dealer"]["reflection"], true);
        for (kind, example, error) in [
            ("procedure", "wamp.session.kill", "wamp.error.no_such_procedure"),
            ("topic", "wamp.session.on_leave", "wamp.error.no_such_topic"),
            ("error", "wamp.error.no_such_session", "wamp.error.no_such_error"),
        ] {
            let list = ask(&mut peer, &format!("wamp.reflection.{kind}.list"), json!([])).await;
            let uris: Vec<Value> = list[0].as_array().expect("a list").clone();
            assert!(uris.contains(&json!(example)), "{uris:?}");
            let describe = format!("wamp.reflection.{kind}.describe");
            for uri in uris {
                let described = ask(&mut peer, &describe, json!([uri])).await;
                assert_eq!(described[0]["uri"], uri);
                assert!(
                    described[0]["description"].as_str().is_some_and(|text| text.ends_with('.')),
                    "{described}"
                );
                if kind == "procedure" {
                    // What is listed is there.
                    assert_ne!(
                        ask(&mut peer, "wamp.registration.lookup", json!([uri])).await,
                        json!([null]),
                        "{uri}"
                    );
                }
            }
            assert_eq!(refused(&mut peer, &describe, json!(["com.app.mine"]), json!({})).await, error);
        }
        let kill = ask(&mut peer, "wamp.reflection.procedure.describe", json!(["wamp.session.kill"])).await;
        let session = json!({
            "name": "session", "type": "id", "required": true, "description": kill[0]["args"][0]["description"],
        });
        assert_eq!(kill[0]["args"], json!([session]));
        assert_eq!(kill[0]["kwargs"][0]["name"], "reason");
        assert_eq!(kill[0]["result"], Value::Null);
    });
}

/// Values of every type, some of them at the ends of what ids and integers may be.
fn values() -> Vec<Value> {
    let long = "x".repeat(2000);
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1_u64 << 53),
        json!((1_u64 << 53) + 1),
        json!(i64::MIN),
        json!(0.5),
        json!(""),
        json!("com.app.topic"),
        json!("no uri"),
        json!(long),
        json!([]),
        json!([1, "x", null, [{}]]),
        json!({}),
        json!({"match": 1, "exclude": "x", "retain": [], "rkey": {}}),
    ]
}

// covers: META-SESS-21
#[test]
fn whatever_a_procedure_is_asked_it_answers() {
    on_memory(Plan::default(), async |router| {
        let mut peer = Peer::join(router, Link::DEFAULT).await;
        let list = ask(&mut peer, "wamp.reflection.procedure.list", json!([])).await;
        for procedure in list[0].as_array().expect("a list").clone() {
            let uri = procedure.as_str().expect("a URI");
            let described = ask(&mut peer, "wamp.reflection.procedure.describe", json!([uri])).await;
            let named: Vec<_> = ["args", "kwargs"]
                .iter()
                .flat_map(|kind| described[0][kind].as_array().expect("a list").clone())
                .map(|parameter| parameter["name"].as_str().expect("a name").to_owned())
                .collect();
            for value in values() {
                let mut questions = vec![
                    (json!([]), json!({})),
                    (json!([value]), json!({})),
                    (json!([value, value]), json!({})),
                    (json!([value, [], {}]), json!({"scope": value, "publish_options": value})),
                    (json!([1, 1, 1, 1, 1, value]), json!({"": value})),
                ];
                questions.extend(named.iter().map(|name| (json!([]), json!({name: value}))));
                for (args, kwargs) in questions {
                    let request = peer.request();
                    peer.send(json!([48, request, {}, uri, args, kwargs])).await;
                    let answer = peer.receive().await;
                    let result = json!([50, request, {}, REST]);
                    let error = json!([8, 48, request, {}, ANY, [ANY]]);
                    assert!(
                        matches(&result, &answer) || matches(&error, &answer),
                        "{uri} {args} {kwargs}: {answer}"
                    );
                }
            }
        }
    });
}
