//! What all ways of logging in have in common: which one is taken, and what holds off those who guess.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crossway_anonymous::Anonymous;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_core::{Dict, Limits, RealmConfig};
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Carrier, Link, Peer, Plan, TestRouter, everywhere_with, on};
use crossway_ticket::Ticket;
use serde_json::{Value, json};
use tokio::task::yield_now;

/// Knows nobody, or lets everybody in.
struct Fussy {
    method: &'static str,
    applies: bool,
}

#[async_trait]
impl Authenticator for Fussy {
    fn method(&self) -> &str {
        self.method
    }

    async fn authenticate(&self, _: &AuthRequest, _: &mut dyn Challenger) -> Result<Identity, AuthError> {
        if !self.applies {
            return Err(AuthError::NotApplicable(format!("no {} here", self.method)));
        }
        let authextra = Dict::new().with("proof", "c29tZXRoaW5n");
        Ok(Identity { authextra, ..Identity::new("somebody", "user", "test") })
    }
}

fn realm() -> RealmConfig {
    let fussy = |method, applies| Arc::new(Fussy { method, applies });
    RealmConfig::new("realm1")
        .authenticator(Arc::new(Anonymous::default()))
        .authenticator(fussy("never", false))
        .authenticator(fussy("always", true))
        .authenticator(Arc::new(Ticket::new().user("joe", "secret!!!", "user").user("jane", "other", "user")))
}

fn plan() -> Plan {
    Plan::realm(realm())
}

fn hello(methods: Value, more: Value) -> Value {
    let mut details = json!({"roles": {"caller": {}}, "authmethods": methods});
    for (key, value) in more.as_object().into_iter().flatten() {
        details[key] = value.clone();
    }
    json!([1, "realm1", details])
}

async fn answer(router: &TestRouter, link: Link, hello: Value, expected: Value) -> Value {
    let mut peer = Peer::connect(router, link).await;
    peer.send(hello).await;
    peer.expect(expected).await
}

fn abort(reason: &str) -> Value {
    json!([3, {"message": ANY}, reason])
}

// covers: AUTH-01, AUTH-02
#[test]
fn a_method_that_cannot_decide_leaves_it_to_the_next() {
    everywhere_with(plan, async |router, link| {
        let welcome = |method: &str| json!([2, ID, {"authmethod": method, MORE: 0}]);
        answer(router, link, hello(json!(["never", "always"]), json!({})), welcome("always")).await;
        answer(
            router,
            link,
            hello(json!(["unknown", "never", "never", "anonymous"]), json!({})),
            welcome("anonymous"),
        )
        .await;
        let denied = answer(
            router,
            link,
            hello(json!(["never"]), json!({})),
            abort("wamp.error.authentication_denied"),
        );
        assert_eq!(denied.await[1]["message"], "no never here");
    });
}

// covers: AUTH-05
#[test]
fn who_is_wrong_gets_no_second_try_by_another_method() {
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        peer.send(hello(json!(["never", "ticket", "always"]), json!({"authid": "joe"}))).await;
        peer.expect(json!([4, "ticket", {}])).await;
        peer.send(json!([5, "wrong", {}])).await;
        peer.expect_abort("wamp.error.authentication_denied").await;
        peer.expect_closed().await;
    });
}

/// Breaks down before it has decided.
struct Broken;

#[async_trait]
impl Authenticator for Broken {
    fn method(&self) -> &str {
        "broken"
    }

    async fn authenticate(&self, _: &AuthRequest, _: &mut dyn Challenger) -> Result<Identity, AuthError> {
        Err(AuthError::Failed("the database is gone".to_owned()))
    }
}

// covers: AUTH-06
#[test]
fn where_a_method_breaks_down_no_other_one_decides_instead() {
    let plan = || Plan::realm(realm().authenticator(Arc::new(Broken)));
    everywhere_with(plan, async |router, link| {
        let greeting = hello(json!(["never", "broken", "always", "anonymous"]), json!({}));
        answer(router, link, greeting, abort("wamp.error.authentication_failed")).await;
    });
}

// covers: AUTH-10
#[test]
fn what_a_method_has_to_say_is_in_welcome() {
    everywhere_with(plan, async |router, link| {
        let expected =
            json!([2, ID, {"authid": "somebody", "authextra": {"proof": "c29tZXRoaW5n"}, MORE: 0}]);
        answer(router, link, hello(json!(["always"]), json!({})), expected).await;
        let welcome =
            answer(router, link, hello(json!(["anonymous"]), json!({})), json!([2, ID, {MORE: 0}])).await;
        assert!(welcome[2].get("authextra").is_none(), "{welcome}");
    });
}

// covers: AUTH-09, AUTH-11
#[test]
fn who_needs_another_role_is_turned_away() {
    everywhere_with(plan, async |router, link| {
        let of = |role: Value| hello(json!(["always"]), json!({"authrole": role}));
        answer(router, link, of(json!("user")), json!([2, ID, {"authrole": "user", MORE: 0}])).await;
        answer(router, link, of(json!(null)), json!([2, ID, {"authrole": "user", MORE: 0}])).await;
        answer(router, link, of(json!("admin")), abort("wamp.error.no_such_role")).await;
        answer(router, link, of(json!(7)), abort("wamp.error.protocol_violation")).await;
    });
}

// covers: AUTH-02, AUTH-07
#[test]
fn a_listener_allows_some_methods_only() {
    let plan = || Plan { authmethods: Some([("ticket").to_owned(), "never".to_owned()].into()), ..plan() };
    let links = Link::all().filter(|link| link.carrier != Carrier::Memory);
    on(links, plan, async |router, link| {
        answer(
            router,
            link,
            hello(json!(["always", "ticket"]), json!({"authid": "joe"})),
            json!([4, "ticket", {}]),
        )
        .await;
        answer(
            router,
            link,
            hello(json!(["anonymous"]), json!({})),
            abort("wamp.error.authentication_required"),
        )
        .await;
        answer(
            router,
            link,
            hello(json!(["always"]), json!({})),
            abort("wamp.error.no_matching_auth_method"),
        )
        .await;
    });
}

/// Tries a ticket; what comes of it.
async fn try_ticket(router: &TestRouter, link: Link, authid: &str, ticket: &str) -> Value {
    let mut peer = Peer::connect(router, link).await;
    peer.send(hello(json!(["ticket"]), json!({"authid": authid}))).await;
    let answer = peer.receive().await;
    if answer[0] != 4 {
        return answer;
    }
    peer.send(json!([5, ticket, {}])).await;
    peer.receive().await
}

/// Every carrier that has addresses, with one format each.
fn addressed() -> impl Iterator<Item = Link> {
    let carriers = Carrier::ALL.into_iter().filter(|carrier| *carrier != Carrier::Memory);
    carriers.map(|carrier| carrier.with(Link::DEFAULT.format))
}

fn limited(change: fn(&mut Limits)) -> impl Fn() -> Plan {
    move || {
        let mut plan = plan();
        change(&mut plan.limits);
        plan
    }
}

#[test]
fn who_guesses_is_held_off_and_others_are_not() {
    let plan = limited(|limits| {
        limits.login_failures = Some(2);
        limits.login_backoff = Duration::from_secs(3600);
        limits.max_login_backoff = Duration::from_secs(3600);
        limits.max_login_delay = Duration::ZERO;
    });
    on(addressed(), plan, async |router, link| {
        for user in ["joe", "nobody"] {
            for _ in 0..2 {
                let denied = try_ticket(router, link, user, "wrong").await;
                assert_eq!(denied[2], "wamp.error.authentication_denied");
            }
            for ticket in ["wrong", "secret!!!"] {
                let refused = try_ticket(router, link, user, ticket).await;
                assert_eq!(refused[2], "crossway.error.limit_exceeded", "{refused}");
                assert!(refused[1]["message"].as_str().unwrap().contains("login_failures = 2"), "{refused}");
            }
        }
        assert_eq!(try_ticket(router, link, "jane", "other").await[0], 2);
        assert_eq!((router.counter("logins_denied"), router.counter("logins_held_off")), (4, 4));
    });
}

#[test]
fn an_address_that_guesses_is_held_off_for_any_user() {
    let plan = limited(|limits| {
        limits.login_failures_per_address = Some(3);
        limits.login_backoff = Duration::from_secs(3600);
        limits.max_login_backoff = Duration::from_secs(3600);
    });
    on(addressed(), plan, async |router, link| {
        for user in ["ann", "bob", "cleo"] {
            try_ticket(router, link, user, "wrong").await;
        }
        let refused = try_ticket(router, link, "jane", "other").await;
        assert!(
            refused[1]["message"].as_str().unwrap().contains("login_failures_per_address = 3"),
            "{refused}"
        );
    });
}

#[test]
fn the_back_off_ends() {
    let plan = limited(|limits| {
        limits.login_failures = Some(1);
        limits.login_backoff = Duration::from_millis(50);
        limits.max_login_backoff = Duration::from_millis(50);
    });
    on(addressed(), plan, async |router, link| {
        try_ticket(router, link, "joe", "wrong").await;
        while try_ticket(router, link, "joe", "secret!!!").await[0] != 2 {}
    });
}

#[test]
fn challenges_without_an_answer_keep_nobody_out() {
    let plan = limited(|limits| limits.max_sessions = 1);
    everywhere_with(plan, async |router, link| {
        let mut silent = Vec::new();
        for _ in 0..5 {
            let mut peer = Peer::connect(router, link).await;
            peer.send(hello(json!(["ticket"]), json!({"authid": "joe"}))).await;
            peer.expect(json!([4, "ticket", {}])).await;
            silent.push(peer);
        }
        let mut jane = Peer::connect(router, link).await;
        jane.send(hello(json!(["ticket"]), json!({"authid": "jane"}))).await;
        jane.expect(json!([4, "ticket", {}])).await;
        jane.send(json!([5, "other", {}])).await;
        jane.welcomed().await;
        let mut late = silent.remove(0);
        late.send(json!([5, "secret!!!", {}])).await;
        late.expect_abort("crossway.error.limit_exceeded").await;
    });
}

#[test]
fn an_address_has_so_many_logins_under_way() {
    let plan = limited(|limits| limits.max_logins_per_address = 3);
    on(addressed(), plan, async |router, link| {
        let mut silent = Vec::new();
        for _ in 0..3 {
            let mut peer = Peer::connect(router, link).await;
            peer.send(hello(json!(["ticket"]), json!({"authid": "joe"}))).await;
            peer.expect(json!([4, "ticket", {}])).await;
            silent.push(peer);
        }
        let refused = try_ticket(router, link, "jane", "other").await;
        assert!(refused[1]["message"].as_str().unwrap().contains("max_logins_per_address"), "{refused}");
        assert_eq!(router.counter("logins_over_limit"), 1);
        let mut first = silent.remove(0);
        first.send(json!([3, {}, "com.myapp.error.given_up"])).await;
        first.expect_closed().await;
        assert_eq!(try_ticket(router, link, "jane", "other").await[0], 2);
    });
}

#[test]
fn who_leaves_while_its_login_is_delayed_keeps_no_place() {
    let plan = limited(|limits| {
        limits.max_logins = 1;
        limits.login_failures = Some(1);
        limits.max_login_delay = Duration::from_secs(3600);
        limits.login_backoff = Duration::from_secs(3600);
        limits.max_login_backoff = Duration::from_secs(3600);
        limits.handshake_timeout = Duration::from_secs(3600);
    });
    let elsewhere = Carrier::Tcp.with(Link::DEFAULT.format);
    on([Carrier::Unix.with(Link::DEFAULT.format)], plan, async |router, link| {
        assert_eq!(try_ticket(router, elsewhere, "joe", "wrong").await[0], 3);
        let mut joe = Peer::connect(router, link).await;
        joe.send(hello(json!(["ticket"]), json!({"authid": "joe"}))).await;
        while router.counter("logins_delayed") == 0 {
            yield_now().await;
        }
        let jane = try_ticket(router, elsewhere, "jane", "other").await;
        assert!(jane[1]["message"].as_str().unwrap().contains("(limit max_logins)"), "{jane}");
        joe.close().await;
        while router.core.connections() > 0 {
            yield_now().await;
        }
        assert_eq!(try_ticket(router, elsewhere, "jane", "other").await[0], 2);
    });
}

/// Panics, at once or when it has heard the answer.
struct Clumsy;

#[async_trait]
impl Authenticator for Clumsy {
    fn method(&self) -> &str {
        "clumsy"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        if request.authid.is_some() {
            challenger.challenge(Dict::new()).await?;
        }
        panic!("on purpose")
    }
}

// covers: AUTH-06
#[test]
fn an_authenticator_that_panics_has_failed_and_keeps_no_place() {
    let plan = || {
        let mut plan = Plan::realm(realm().authenticator(Arc::new(Clumsy)));
        plan.limits.max_logins_per_address = 1;
        plan.limits.login_failures = Some(1);
        plan.limits.login_failures_per_address = Some(1);
        plan
    };
    on(addressed(), plan, async |router, link| {
        // More often than failures are free: it is not the client's.
        for _ in 0..2 {
            let failed = abort("wamp.error.authentication_failed");
            answer(router, link, hello(json!(["clumsy", "anonymous"]), json!({})), failed).await;
            let mut peer = Peer::connect(router, link).await;
            peer.send(hello(json!(["clumsy"]), json!({"authid": "joe"}))).await;
            peer.expect(json!([4, "clumsy", {}])).await;
            peer.send(json!([5, "anything", {}])).await;
            peer.expect_abort("wamp.error.authentication_failed").await;
            peer.expect_closed().await;
        }
        assert_eq!(try_ticket(router, link, "joe", "secret!!!").await[0], 2);
        assert_eq!((router.counter("logins_denied"), router.counter("logins_over_limit")), (0, 0));
    });
}

// covers: AUTH-17
#[test]
fn strangers_are_brief() {
    let plan = || {
        let mut plan = plan();
        plan.limits.max_handshake_message = 2000;
        plan
    };
    everywhere_with(plan, async |router, link| {
        let long = "x".repeat(3000);
        let too_long = abort("wamp.error.payload_size_exceeded");
        let greeting = hello(json!(["anonymous"]), json!({"authextra": {"much": long}}));
        answer(router, link, greeting, too_long.clone()).await;
        let mut peer = Peer::connect(router, link).await;
        peer.send(hello(json!(["ticket"]), json!({"authid": "joe"}))).await;
        peer.expect(json!([4, "ticket", {}])).await;
        peer.send(json!([5, long, {}])).await;
        peer.expect(too_long).await;
        let name = "y".repeat(1025);
        let named = hello(json!(["ticket"]), json!({"authid": name}));
        answer(router, link, named, abort("crossway.error.limit_exceeded")).await;
        assert_eq!(router.counter("handshake_messages_over_limit"), 2);
    });
}

#[test]
fn strangers_bring_no_realms_into_being() {
    let plan = || Plan { auto_create: Some(realm()), ..Plan::limits(|limits| limits.max_auto_realms = 1) };
    everywhere_with(plan, async |router, link| {
        let elsewhere = |realm: &str, method: &str| json!([1, realm, {"roles": {"caller": {}}, "authmethods": [method], "authid": "joe"}]);
        for realm in ["com.one", "com.two", "com.three"] {
            let mut peer = Peer::connect(router, link).await;
            peer.send(elsewhere(realm, "ticket")).await;
            peer.expect(json!([4, "ticket", {}])).await;
            peer.send(json!([5, "a guess", {}])).await;
            peer.expect(abort("wamp.error.authentication_denied")).await;
        }
        let welcome = json!([2, ID, {"realm": "com.four", MORE: 0}]);
        answer(router, link, elsewhere("com.four", "anonymous"), welcome).await;
        assert_eq!(router.counter("realms_over_limit"), 0);
    });
}
