//! What the router says of itself.

use crossway_tests::peer::all_roles;
use crossway_tests::{Peer, everywhere};
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
