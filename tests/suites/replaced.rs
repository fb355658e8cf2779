//! Ways of logging in and permissions that are replaced while the router runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossway_anonymous::Anonymous;
use crossway_core::RealmConfig;
use crossway_core::auth::Authenticator;
use crossway_core::authorization::{
    Action, Answer, Authorizer, Decision, Permission, Permissions, Replaceable, Request, Role, Version,
};
use crossway_core::caller::{Caller, Procedures};
use crossway_core::message::Match;
use crossway_dynamic::{Dynamic, Procedure};
use crossway_tests::pattern::{ANY, ID};
use crossway_tests::peer::{all_roles, id};
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere_with, on, on_memory};
use crossway_ticket::Ticket;
use serde_json::json;

use crate::users::{log_in, users};

fn tickets(users: &[&str]) -> Vec<Arc<dyn Authenticator>> {
    let ticket = users.iter().fold(Ticket::new(), |all, name| all.user(*name, "secret", "staff"));
    vec![Arc::new(ticket)]
}

fn anonymous() -> Vec<Arc<dyn Authenticator>> {
    vec![Arc::new(Anonymous::default())]
}

/// `realm1`, which alice may join.
fn alice() -> Plan {
    Plan::realm(tickets(&["alice"]).into_iter().fold(RealmConfig::new("realm1"), RealmConfig::authenticator))
}

/// Says that it is alice, who has a ticket.
async fn hello(router: &TestRouter, link: Link, realm: &str) -> Peer {
    let mut peer = Peer::connect(router, link).await;
    peer.send(json!([1, realm, {"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": "alice"}]))
        .await;
    peer
}

// covers: AUTH-02
#[test]
fn who_may_log_in_changes_and_sessions_stay() {
    everywhere_with(alice, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        assert!(router.core.set_authenticators("realm1", &tickets(&["bob"])));
        let mut bob = log_in(router, link, "bob").await;
        let mut again = hello(router, link, "realm1").await;
        again.expect(json!([4, "ticket", {}])).await;
        again.send(json!([5, "secret", {}])).await;
        again.expect_abort("wamp.error.authentication_denied").await;
        let heard = alice.subscribe("com.topic").await;
        bob.publish("com.topic", json!([1])).await;
        alice.expect_event(heard, json!([1])).await;
        assert!(router.core.set_authenticators("realm1", &anonymous()));
        let mut again = hello(router, link, "realm1").await;
        again.expect_abort("wamp.error.no_matching_auth_method").await;
        Peer::join(router, link).await;
    });
}

#[test]
fn a_login_that_is_under_way_ends_as_it_began() {
    everywhere_with(alice, async |router, link| {
        let mut alice = hello(router, link, "realm1").await;
        alice.expect(json!([4, "ticket", {}])).await;
        assert!(router.core.set_authenticators("realm1", &anonymous()));
        alice.send(json!([5, "secret", {}])).await;
        alice.welcomed().await;
    });
}

#[test]
fn sessions_do_not_keep_what_let_them_in() {
    on_memory(Plan::realm(RealmConfig::new("realm1")), async |router| {
        let ways = tickets(&["alice"]);
        let ticket = Arc::downgrade(&ways[0]);
        router.core.set_authenticators("realm1", &ways);
        drop(ways);
        let mut alice = log_in(router, Link::DEFAULT, "alice").await;
        router.core.set_authenticators("realm1", &anonymous());
        assert!(ticket.upgrade().is_none(), "its secrets are wiped");
        let session = alice.session();
        let request = alice.call("wamp.session.get", json!([session])).await;
        let answer = alice.expect(json!([50, request, {}, [ANY]])).await;
        assert_eq!(answer[3][0]["authmethod"], "ticket");
    });
}

#[test]
fn realms_that_were_made_automatically_have_what_their_template_has() {
    let plan = || Plan { auto_create: Some(RealmConfig::new("template")), ..alice() };
    everywhere_with(plan, async |router, link| {
        assert!(router.core.set_auto_authenticators(&anonymous()));
        Peer::join_as(router, link, "made.before", all_roles()).await;
        assert!(!router.core.set_authenticators("made.before", &anonymous()), "not one of them alone");
        assert!(!router.core.set_authenticators("never.made", &anonymous()));
        assert!(router.core.set_auto_authenticators(&tickets(&["alice"])));
        for realm in ["made.before", "made.afterwards"] {
            let mut peer = Peer::connect(router, link).await;
            peer.send(json!([1, realm, {"roles": {"caller": {}}}])).await;
            peer.expect_abort("wamp.error.authentication_required").await;
            let mut alice = hello(router, link, realm).await;
            alice.expect(json!([4, "ticket", {}])).await;
            alice.send(json!([5, "secret", {}])).await;
            alice.welcomed().await;
        }
    });
    on_memory(alice(), async |router| assert!(!router.core.set_auto_authenticators(&anonymous())));
}

#[test]
fn one_that_asks_procedures_may_come_later() {
    let realms = || {
        let mut plan = alice();
        plan.realms.extend(Plan::default().realms.into_iter().skip(1));
        plan
    };
    on([Link::DEFAULT], realms, async |router, link| {
        let procedure = Procedure::new(Caller::new("realm2"), "com.decide");
        router.core.set_authenticators("realm1", &[Arc::new(Dynamic::new("ticket", procedure))]);
        let mut judge = Peer::join_as(router, link, "realm2", all_roles()).await;
        judge.register("com.decide").await;
        let mut alice = hello(router, link, "realm1").await;
        alice.expect(json!([4, "ticket", {}])).await;
        alice.send(json!([5, "anything", {}])).await;
        let asked = judge.expect(json!([68, ID, ID, {}, ANY])).await;
        judge.send(json!([70, id(&asked, 1), {}, ["user"]])).await;
        alice.welcomed().await;
    });
}

/// Whoever is staff may call this, which nobody has registered, and say that nothing more is to come.
fn may_call(procedure: &str) -> Permissions {
    let call = Permission::new(procedure, Match::Exact).allow([Action::Call]);
    let fence = Permission::new("test.fence", Match::Exact).allow([Action::Publish]);
    Permissions::new([Role::new("staff").permission(call).permission(fence)])
}

/// A realm whose authorizer can be replaced; for each router one of its own.
fn replaceable(behaviour: impl AsyncFn(&TestRouter, Link, &Replaceable), first: fn() -> Arc<dyn Authorizer>) {
    for link in Link::all() {
        let authorizer = Arc::new(Replaceable::new(first()));
        let plan = || Plan::realm(users(RealmConfig::new("realm1")).authorizer(authorizer.clone()));
        on([link], plan, async |router, link| behaviour(router, link, &authorizer).await);
    }
}

async fn is_told(peer: &mut Peer, procedure: &str, uri: &str) {
    let request = peer.call(procedure, json!([])).await;
    peer.expect_error(48, request, uri).await;
}

const ALLOWED: &str = "wamp.error.no_such_procedure";
const DENIED: &str = "wamp.error.not_authorized";

#[test]
fn what_sessions_may_do_changes_at_once() {
    let behaviour = async |router: &TestRouter, link: Link, authorizer: &Replaceable| {
        let mut alice = log_in(router, link, "alice").await;
        is_told(&mut alice, "com.one", ALLOWED).await;
        is_told(&mut alice, "com.two", DENIED).await;
        authorizer.replace(Arc::new(may_call("com.two")));
        is_told(&mut alice, "com.one", DENIED).await;
        is_told(&mut alice, "com.two", ALLOWED).await;
        // Whose role is gone stays, and may do nothing.
        authorizer.replace(Arc::new(Permissions::new([Role::new("guest")])));
        is_told(&mut alice, "com.two", DENIED).await;
        let mut bob = hello(router, link, "realm1").await;
        bob.expect(json!([4, "ticket", {}])).await;
        bob.send(json!([5, "secret", {}])).await;
        bob.expect_abort("wamp.error.no_such_role").await;
        assert_eq!(router.core.sessions(), 1);
    };
    replaceable(behaviour, || Arc::new(may_call("com.one")));
}

/// Allows everything or nothing, which may be remembered, and counts.
#[derive(Default)]
struct Judge {
    allows: bool,
    asked: AtomicU64,
    bound: AtomicU64,
    version: Version,
}

impl Authorizer for Judge {
    fn bind(&self, _: &Procedures) {
        self.bound.fetch_add(1, Ordering::Relaxed);
    }

    fn authorize(&self, request: &Request<'_>) -> Answer {
        if request.uri == "com.topic" {
            self.asked.fetch_add(1, Ordering::Relaxed);
        }
        let decision =
            if self.allows || request.uri == "test.fence" { Decision::allowed() } else { Decision::denied() };
        decision.cached().into()
    }

    fn version(&self) -> u64 {
        self.version.get()
    }

    fn invalidate(&self) {
        self.version.bump();
    }
}

#[test]
fn what_sessions_remember_of_one_is_forgotten_with_it() {
    let behaviour = async |router: &TestRouter, link: Link, authorizer: &Replaceable| {
        let mut alice = log_in(router, link, "alice").await;
        for allows in [true, false, true] {
            let judge = Arc::new(Judge { allows, ..Judge::default() });
            // However often the last one has changed its mind.
            authorizer.invalidate();
            authorizer.replace(judge.clone());
            assert_eq!(judge.bound.load(Ordering::Relaxed), 1, "it knows whom to ask");
            for asked in [1, 2] {
                for _ in 0..3 {
                    is_told(&mut alice, "com.topic", if allows { ALLOWED } else { DENIED }).await;
                }
                assert_eq!(judge.asked.load(Ordering::Relaxed), asked);
                let version = authorizer.version();
                authorizer.invalidate();
                assert!(authorizer.version() > version);
            }
            // Rules that never change come and go as well.
            let version = authorizer.version();
            let (rules, told) = if allows { ("com.other", DENIED) } else { ("com.topic", ALLOWED) };
            authorizer.replace(Arc::new(may_call(rules)));
            assert!(authorizer.version() > version);
            is_told(&mut alice, "com.topic", told).await;
        }
    };
    replaceable(behaviour, || Arc::new(Judge::default()));
}
