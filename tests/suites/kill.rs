//! Sessions that others end.

use crossway_tests::pattern::{ANY, ID};
use crossway_tests::peer::all_roles;
use crossway_tests::{Carrier, Format, Link, Peer, Plan, TestRouter, everywhere_with, on_memory, on_threads};
use serde_json::{Value, json};

use crate::meta_sessions::{ask, ask_with, refused, sorted};

/// GOODBYE with this reason, the answer, and the end.
async fn says_goodbye(victim: &mut Peer, details: Value, reason: &str) {
    victim.expect(json!([6, details, reason])).await;
    victim.send(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
    victim.expect_closed().await;
}

/// Somebody who listens to who leaves, and to a topic for testaments.
async fn listener(router: &TestRouter, link: Link) -> (Peer, u64) {
    let mut listener = Peer::join(router, link).await;
    let leaves = listener.subscribe("wamp.session.on_leave").await;
    (listener, leaves)
}

// covers: META-SESS-10, META-SESS-17, META-SESS-18
#[test]
fn a_killed_session_is_told_why_and_is_gone() {
    everywhere_with(Plan::trusting, async |router, link| {
        let (mut killer, leaves) = listener(router, link).await;
        let cases = [
            (json!({}), json!({}), "wamp.close.killed"),
            (json!({"reason": null, "message": null}), json!({}), "wamp.close.killed"),
            (json!({"reason": "com.app.bored"}), json!({}), "com.app.bored"),
            (
                json!({"reason": "com.app.bored", "message": "so long"}),
                json!({"message": "so long"}),
                "com.app.bored",
            ),
        ];
        for (kwargs, details, reason) in cases {
            let mut victim = Peer::join(router, link).await;
            let id = victim.session();
            assert_eq!(ask_with(&mut killer, "wamp.session.kill", json!([id]), kwargs).await, json!([]));
            says_goodbye(&mut victim, details, reason).await;
            killer.expect(json!([36, leaves, ID, {}, [id, ANY, "anonymous"]])).await;
            assert_eq!(ask(&mut killer, "wamp.session.count", json!([])).await, json!([1]));
        }
    });
}

// covers: META-SESS-18
#[test]
fn a_killed_session_that_does_not_answer_is_dropped() {
    let plan = || {
        let mut plan = Plan::trusting();
        plan.limits.goodbye_timeout = std::time::Duration::from_millis(50);
        plan
    };
    everywhere_with(plan, async |router, link| {
        let (mut killer, leaves) = listener(router, link).await;
        let mut victim = Peer::join(router, link).await;
        ask(&mut killer, "wamp.session.kill", json!([victim.session()])).await;
        killer.expect(json!([36, leaves, ID, {}, [victim.session(), ANY, ANY]])).await;
        victim.expect(json!([6, {}, "wamp.close.killed"])).await;
        // What it still says is not heard.
        victim.send(json!([48, 1, {}, "wamp.session.count"])).await;
        victim.expect_closed().await;
    });
}

// covers: META-SESS-11
#[test]
fn neither_oneself_nor_nobody_can_be_killed() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut killer = Peer::join(router, link).await;
        for id in [killer.session(), 1, 0] {
            let uri = refused(&mut killer, "wamp.session.kill", json!([id]), json!({})).await;
            assert_eq!(uri, "wamp.error.no_such_session");
        }
    });
}

// covers: META-SESS-12
#[test]
fn a_reason_has_to_be_a_uri() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut killer = Peer::join(router, link).await;
        let mut victim = Peer::join(router, link).await;
        let calls = [
            ("wamp.session.kill", json!([victim.session()])),
            ("wamp.session.kill_by_authid", json!(["x"])),
            ("wamp.session.kill_by_authrole", json!(["anonymous"])),
            ("wamp.session.kill_all", json!([])),
        ];
        for (procedure, args) in calls {
            for reason in ["", "no uri", "a..b", "a#b"] {
                let uri = refused(&mut killer, procedure, args.clone(), json!({"reason": reason})).await;
                assert_eq!(uri, "wamp.error.invalid_uri", "{procedure} {reason:?}");
            }
        }
        victim.expect_silence().await;
    });
}

// covers: META-SESS-13, META-SESS-14, META-SESS-23
#[test]
fn users_and_roles_are_killed_but_for_the_caller() {
    everywhere_with(Plan::trusting, async |router, link| {
        let (mut killer, leaves) = listener(router, link).await;
        let mut one = Peer::join(router, link).await;
        let mut other = Peer::join(router, link).await;
        let details = ask(&mut killer, "wamp.session.get", json!([one.session()])).await;
        let authid = details[0]["authid"].clone();
        let kwargs = json!({"reason": "com.app.user", "message": "you"});
        let killed = ask_with(&mut killer, "wamp.session.kill_by_authid", json!([authid]), kwargs).await;
        assert_eq!(killed, json!([[one.session()]]));
        says_goodbye(&mut one, json!({"message": "you"}), "com.app.user").await;
        killer.expect(json!([36, leaves, ID, {}, [one.session(), authid, "anonymous"]])).await;
        assert_eq!(ask(&mut killer, "wamp.session.kill_by_authid", json!([authid])).await, json!([[]]));
        assert_eq!(ask(&mut killer, "wamp.session.kill_by_authrole", json!(["nobody"])).await, json!([0]));
        other.expect_silence().await;
        assert_eq!(ask(&mut killer, "wamp.session.kill_by_authrole", json!(["anonymous"])).await, json!([1]));
        says_goodbye(&mut other, json!({}), "wamp.close.killed").await;
        killer.expect(json!([36, leaves, ID, {}, [other.session(), ANY, "anonymous"]])).await;
        // Its own user is the caller's as well.
        let id = killer.session();
        let own = ask(&mut killer, "wamp.session.get", json!([id])).await[0]["authid"].clone();
        assert_eq!(ask(&mut killer, "wamp.session.kill_by_authid", json!([own])).await, json!([[]]));
    });
}

// covers: META-SESS-15, META-SESS-16, META-SESS-18, META-SESS-23
#[test]
fn all_are_killed_but_the_caller_and_nothing_is_said_of_it() {
    everywhere_with(Plan::trusting, async |router, link| {
        let (mut killer, _leaves) = listener(router, link).await;
        let mut victims = vec![Peer::join(router, link).await, Peer::join(router, link).await];
        let kwargs = json!({"reason": "com.app.over", "message": "go home"});
        assert_eq!(ask_with(&mut killer, "wamp.session.kill_all", json!([]), kwargs).await, json!([2]));
        assert_eq!(ask(&mut killer, "wamp.session.list", json!([])).await, json!([[killer.session()]]));
        for victim in &mut victims {
            says_goodbye(victim, json!({"message": "go home"}), "com.app.over").await;
        }
        killer.expect_silence().await;
        assert_eq!(ask(&mut killer, "wamp.session.kill_all", json!([])).await, json!([0]));
    });
}

// covers: META-SESS-18
#[test]
fn what_waited_for_a_killed_session_comes_before_goodbye() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut killer = Peer::join(router, link).await;
        let mut victim = Peer::join(router, link).await;
        let subscription = victim.subscribe("com.app.news").await;
        killer.publish_acknowledged("com.app.news", json!([1])).await;
        ask(&mut killer, "wamp.session.kill", json!([victim.session()])).await;
        victim.expect_event(subscription, json!([1])).await;
        says_goodbye(&mut victim, json!({}), "wamp.close.killed").await;
    });
}

// covers: META-SESS-10
#[test]
fn a_message_that_is_too_long_for_the_killed_is_left_out() {
    let links = Carrier::RAWSOCKET.map(|carrier| carrier.with(Format::Json));
    crossway_tests::on(links, Plan::trusting, async |router, link| {
        let mut killer = Peer::join(router, link).await;
        let long = "x".repeat(1020);
        for (reason, told) in [("com.app.bored", "com.app.bored"), (long.as_str(), "wamp.close.killed")] {
            let mut victim = Peer::join_accepting(router, link, 1).await;
            let kwargs = json!({"reason": reason, "message": "y".repeat(2000)});
            ask_with(&mut killer, "wamp.session.kill", json!([victim.session()]), kwargs).await;
            victim.expect(json!([6, {}, told])).await;
        }
    });
}

// covers: META-SESS-11
#[test]
fn a_kill_that_comes_too_late_does_not_hit_the_next_session_of_the_connection() {
    on_threads(Plan::trusting(), async |router| {
        let link = Carrier::Memory.with(Format::MsgPack);
        let mut killer = Peer::join(router, link).await;
        for _ in 0..200 {
            let mut victim = Peer::join(router, link).await;
            let kill = killer.call("wamp.session.kill", json!([victim.session()])).await;
            victim.send(json!([6, {}, "wamp.close.normal"])).await;
            let farewell = victim.receive().await;
            killer.receive().await;
            if farewell[2] == "wamp.close.goodbye_and_out" {
                // Whatever was ordered was for the session before.
                victim.hello("realm1", all_roles()).await;
                victim.expect_silence().await;
            } else {
                assert_eq!(farewell[2], "wamp.close.killed", "{kill}");
                victim.expect_closed().await;
            }
        }
    });
}

// covers: META-SESS-13, META-SESS-15
#[test]
fn every_session_is_killed_once() {
    on_threads(Plan::trusting(), async |router| {
        let link = Carrier::Memory.with(Format::Cbor);
        let mut killers = [Peer::join(router, link).await, Peer::join(router, link).await];
        let mut victims = Vec::new();
        // WELCOME once was on its way a moment before others could see the session, so that one of these was left out.
        for _ in 0..50 {
            victims.push(Peer::join(router, link).await);
        }
        let ids = ask(&mut killers[0], "wamp.session.list", json!([])).await;
        let mut killed = 0;
        let mut answers = Vec::new();
        for id in sorted(&ids[0]) {
            if killers.iter().all(|killer| killer.session() != id) {
                for killer in &mut killers {
                    answers.push(killer.call("wamp.session.kill", json!([id])).await);
                }
            }
        }
        for _ in 0..answers.len() / 2 {
            for killer in &mut killers {
                killed += usize::from(killer.receive().await[0] == 50);
            }
        }
        assert_eq!(killed, 50);
        for victim in &mut victims {
            says_goodbye(victim, json!({}), "wamp.close.killed").await;
        }
    });
}

// covers: META-SESS-18
#[test]
fn shutting_down_wins_over_being_killed() {
    on_memory(Plan::trusting(), async |router| {
        let mut killer = Peer::join(router, Link::DEFAULT).await;
        let victim = Peer::join(router, Link::DEFAULT).await;
        ask(&mut killer, "wamp.session.kill", json!([victim.session()])).await;
        killer.expect_silence().await;
        // The router is shut down now, and that fails if anything of the victim is left.
        drop(victim);
    });
}
