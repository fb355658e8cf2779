//! What goes on while a session waits for a decision.

use crossway_core::authorization::Action;
use crossway_core::limits::RequestIds;
use crossway_tests::Plan;
use crossway_tests::pattern::ID;
use serde_json::json;

use super::gated;
use crate::users::log_in;

#[test]
fn others_do_not_wait() {
    gated(
        |_| (),
        async |router, link, questions| {
            let mut alice = log_in(router, link, "alice").await;
            let mut bob = log_in(router, link, "bob").await;
            let heard = alice.subscribe("com.topic").await;
            alice.publish("slow.topic", json!([])).await;
            let question = questions.next(Action::Publish, "slow.topic").await;
            for n in 0..10 {
                bob.publish("com.topic", json!([n])).await;
                alice.expect_event(heard, json!([n])).await;
            }
            question.allow();
            alice.expect_silence().await;
        },
    );
}

#[test]
fn who_says_too_much_meanwhile_is_not_read_from() {
    let narrow = |plan: &mut Plan| plan.limits.max_undecided_bytes = 1 << 10;
    gated(narrow, async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let heard = bob.subscribe("com.topic").await;
        alice.publish("slow.topic", json!([])).await;
        let question = questions.next(Action::Publish, "slow.topic").await;
        let (count, text) = (40, "x".repeat(100));
        let send = async {
            for n in 0..count {
                alice.publish("com.topic", json!([n, text])).await;
            }
        };
        let decide = async {
            while router.counter("undecided_over_limit") == 0 {
                tokio::task::yield_now().await;
            }
            bob.expect_silence().await;
            question.allow();
            for n in 0..count {
                bob.expect_event(heard, json!([n, text])).await;
            }
        };
        tokio::join!(send, decide);
        assert_eq!(router.counter("undecided_over_limit"), 1);
    });
}

// covers: MSG-25
#[test]
fn a_request_that_has_waited_is_counted_once() {
    let strict = |plan: &mut Plan| plan.protocol.request_ids = RequestIds::Strict;
    gated(strict, async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        alice.publish("slow.topic", json!([1])).await;
        alice.publish("slow.topic", json!([2])).await;
        let request = alice.request();
        alice.send(json!([32, request, {}, "com.topic"])).await;
        for _ in 0..2 {
            questions.next(Action::Publish, "slow.topic").await.allow();
        }
        alice.expect(json!([33, request, ID])).await;
        alice.send(json!([32, request, {}, "com.topic"])).await;
        alice.expect_violation("request id").await;
    });
}
