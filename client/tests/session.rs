//! A session against a router in the same process: what the handle promises.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossway_anonymous::Anonymous;
use crossway_client::{
    CallError, Ended, Error, Invocation, JoinError, Login, Reply, Session, connect_in_process,
};
use crossway_core::auth::Response;
use crossway_core::{Dict, RealmConfig, Router, Value};
use crossway_json::Json;
use crossway_msgpack::MessagePack;
use crossway_ticket::Ticket;
use tokio::sync::Notify;

fn router() -> Router {
    let open = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let users = Ticket::new().user("joe", "secret", "frontend");
    let closed = RealmConfig::new("members").authenticator(Arc::new(users));
    Router::builder().realm(open).realm(closed).build().unwrap()
}

async fn join(router: &Router) -> Session {
    Session::join(connect_in_process(router, Arc::new(MessagePack)), "realm1").await.unwrap()
}

#[tokio::test]
async fn events_arrive_in_order_across_serializers() {
    let router = router();
    let subscriber = join(&router).await;
    let publisher = Session::join(connect_in_process(&router, Arc::new(Json)), "realm1").await.unwrap();
    let mut events = subscriber.subscribe("com.example.ticks").await.unwrap();
    for tick in 0..100_u64 {
        publisher.publish("com.example.ticks").arg(tick).kwarg("unit", "ms").await.unwrap();
    }
    let last = publisher.publish("com.example.ticks").acknowledge().await.unwrap();
    for tick in 0..100 {
        let event = events.next().await.unwrap();
        assert_eq!((event.args, event.lost), (vec![Value::Uint(tick)], 0));
        assert_eq!(event.kwargs, Dict::new().with("unit", "ms"));
    }
    assert_eq!(events.next().await.unwrap().publication, last);
}

#[tokio::test]
async fn events_beyond_the_queue_are_lost_and_counted() {
    let router = router();
    let session = join(&router).await;
    let mut events = session.subscribe("a.b").queue(2).await.unwrap();
    for number in 0..5_u64 {
        session.publish("a.b").arg(number).exclude_me(false).acknowledge().await.unwrap();
    }
    assert_eq!(events.next().await.unwrap().args, [Value::Uint(0)]);
    assert_eq!(events.next().await.unwrap().args, [Value::Uint(1)]);
    session.publish("a.b").arg(5).exclude_me(false).acknowledge().await.unwrap();
    let event = events.next().await.unwrap();
    assert_eq!((event.args, event.lost), (vec![Value::Uint(5)], 3));
}

#[tokio::test]
async fn two_subscriptions_of_one_topic_live_and_end_apart() {
    let router = router();
    let session = join(&router).await;
    let mut first = session.subscribe("a.b").await.unwrap();
    let mut second = session.subscribe("a.b").await.unwrap();
    let publish = || session.publish("a.b").exclude_me(false).acknowledge();
    publish().await.unwrap();
    assert!(first.next().await.is_some() && second.next().await.is_some());
    first.unsubscribe().await.unwrap();
    publish().await.unwrap();
    assert!(second.next().await.is_some());
}

#[tokio::test]
async fn a_dropped_subscription_unsubscribes() {
    let router = router();
    let session = join(&router).await;
    let before = session.subscribe("a.b").await.unwrap().id();
    // Dropped: the next one is a subscription of its own.
    let after = session.subscribe("a.b").await.unwrap().id();
    assert_ne!(before, after);
}

#[tokio::test]
async fn procedures_answer_with_results_and_with_errors() {
    let router = router();
    let (callee, caller) = (join(&router).await, join(&router).await);
    let divide = async |call: Invocation| match (call.args[0].as_uint(), call.args[1].as_uint()) {
        (Some(_), Some(0)) => Err(CallError::new("com.example.error.zero").arg("no").kwarg("at", 1)),
        (Some(a), Some(b)) => Ok(Reply::new().arg(a / b).kwarg("rest", a % b)),
        _ => panic!("numbers only"),
    };
    callee.register("com.example.divide", divide).await.unwrap().keep();

    let result = caller.call("com.example.divide").args([17, 5]).await.unwrap();
    assert_eq!((result.args, result.kwargs), (vec![Value::Uint(3)], Dict::new().with("rest", 2)));
    let error = caller.call("com.example.divide").args([17, 0]).await.unwrap_err();
    let zero = CallError::new("com.example.error.zero").arg("no").kwarg("at", 1);
    assert_eq!(error, Error::Refused(zero));
    let error = caller.call("com.example.divide").args(["x", "y"]).await.unwrap_err();
    assert_eq!(error.uri(), Some("wamp.error.runtime_error"));
    let error = caller.call("com.example.multiply").await.unwrap_err();
    assert_eq!(error.uri(), Some("wamp.error.no_such_procedure"));
}

#[tokio::test]
async fn a_dropped_registration_unregisters() {
    let router = router();
    let session = join(&router).await;
    let registration = session.register("a.b", async |_| Ok(Reply::new())).await.unwrap();
    let error = session.register("a.b", async |_| Ok(Reply::new())).await.unwrap_err();
    assert_eq!(error.uri(), Some("wamp.error.procedure_already_exists"));
    drop(registration);
    session.register("a.b", async |_| Ok(Reply::new())).await.unwrap().unregister().await.unwrap();
    assert_eq!(session.call("a.b").await.unwrap_err().uri(), Some("wamp.error.no_such_procedure"));
}

/// Tells when it is dropped.
struct Dropped(Arc<Notify>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_dropped_call_is_canceled_and_its_handler_dropped() {
    let router = router();
    let (callee, caller) = (join(&router).await, join(&router).await);
    let (started, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (Arc::clone(&started), Arc::clone(&dropped));
    let forever = move |_| {
        let (started, dropped) = signals.clone();
        async move {
            let _dropped = Dropped(dropped);
            started.notify_one();
            std::future::pending().await
        }
    };
    callee.register("a.b", forever).await.unwrap().keep();
    tokio::select! {
        _ = caller.call("a.b") => panic!("it never answers"),
        () = started.notified() => {}
    }
    dropped.notified().await;
}

#[tokio::test]
async fn invocations_beyond_the_limit_are_refused() {
    let router = router();
    let transport = connect_in_process(&router, Arc::new(Json));
    let callee = Login::new("realm1").max_invocations(1).join(transport).await.unwrap();
    let caller = join(&router).await;
    let busy = Arc::new(AtomicBool::new(false));
    let gate = (Arc::new(Notify::new()), Arc::clone(&busy));
    let open = Arc::clone(&gate.0);
    let wait = move |_| {
        let (gate, busy) = gate.clone();
        async move {
            busy.store(true, Ordering::SeqCst);
            gate.notified().await;
            Ok(Reply::new())
        }
    };
    callee.register("a.b", wait).await.unwrap().keep();
    let first = async { caller.call("a.b").await };
    let second = async {
        while !busy.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        let refused = caller.call("a.b").await;
        open.notify_one();
        refused
    };
    let (first, second) = tokio::join!(first, second);
    first.unwrap();
    assert_eq!(second.unwrap_err().uri(), Some("wamp.error.unavailable"));
}

#[tokio::test]
async fn a_ticket_opens_a_closed_realm() {
    let router = router();
    let connect = || connect_in_process(&router, Arc::new(Json));
    let session = Login::new("members").authid("joe").ticket("secret").join(connect()).await.unwrap();
    assert_eq!(session.details().get("authrole"), Some(&Value::from("frontend")));

    let refused = Login::new("members").authid("joe").ticket("guess").join(connect()).await.unwrap_err();
    assert!(
        matches!(refused, JoinError::Refused { reason, .. } if reason == "wamp.error.authentication_denied")
    );
    let refused = Session::join(connect(), "members").await.unwrap_err();
    assert!(
        matches!(refused, JoinError::Refused { reason, .. } if reason == "wamp.error.authentication_required")
    );
    let closure = |_: &Dict| Ok(Response { signature: "secret".into(), extra: Dict::new() });
    Login::new("members").authid("joe").answer("ticket", closure).join(connect()).await.unwrap();
}

#[tokio::test]
async fn who_leaves_gets_no_more_answers() {
    let router = router();
    let session = join(&router).await;
    let mut events = session.subscribe("a.b").await.unwrap();
    session.leave().await.unwrap();
    assert_eq!(events.next().await, None);
    assert_eq!(session.call("a.b").await.unwrap_err(), Error::Ended(Arc::new(Ended::Left)));
    assert_eq!(session.leave().await.unwrap_err(), Error::Ended(Arc::new(Ended::Left)));
}

#[tokio::test]
async fn the_last_handle_leaves_when_it_is_dropped() {
    let router = router();
    let session = join(&router).await;
    let witness = join(&router).await;
    session.register("a.b", async |_| Ok(Reply::new())).await.unwrap().keep();
    witness.call("a.b").await.unwrap();
    drop(session);
    while witness.call("a.b").await.is_ok() {}
}

#[tokio::test]
async fn a_shutdown_is_told_to_everybody_who_waits() {
    let router = router();
    let session = join(&router).await;
    session.register("a.b", async |_| std::future::pending().await).await.unwrap().keep();
    let (outcome, ()) =
        tokio::join!(async { session.call("a.b").await }, router.shutdown(std::time::Duration::from_secs(5)));
    assert!(outcome.is_err());
    let reason = "wamp.close.system_shutdown".to_owned();
    assert_eq!(*session.ended().await, Ended::Goodbye { reason });
}

#[tokio::test]
async fn what_the_serializer_cannot_express_is_said_before_it_is_sent() {
    let router = router();
    let transport = connect_in_process(&router, Arc::new(Json));
    let session = Session::join(transport, "realm1").await.unwrap();
    let error = session.publish("a.b").arg(f64::NAN).await.unwrap_err();
    assert!(matches!(error, Error::Unrepresentable(_)));
    session.publish("a.b").acknowledge().await.unwrap();
}
