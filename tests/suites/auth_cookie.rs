//! Being known again by a cookie.

use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_cookie::{Cookie, CookieOptions, Cookies};
use crossway_core::RealmConfig;
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Carrier, Link, Peer, Plan, TestRouter, on};
use crossway_ticket::Ticket;
use serde_json::{Value, json};

fn plan() -> Plan {
    let cookies = Arc::new(Cookies::new(CookieOptions::default()));
    let realm = |uri| {
        RealmConfig::new(uri)
            .authenticator(Arc::new(Cookie::new(Arc::clone(&cookies))))
            .authenticator(Arc::new(Ticket::new().user("joe", "secret!!!", "user")))
            .authenticator(Arc::new(Anonymous::default()))
    };
    let realms = vec![realm("realm1"), realm("realm2")];
    Plan { visitors: Some(cookies), realms, ..Plan::default() }
}

/// Everything that begins with an HTTP request.
fn http() -> impl Iterator<Item = Link> {
    Link::all().filter(|link| link.carrier.is_websocket() || link.carrier.is_longpoll())
}

/// What a client sends back of `Set-Cookie`.
fn kept(set: &str) -> String {
    set.split(';').next().expect("there is a first part").to_owned()
}

/// Connects with a cookie, and says HELLO; the answer, and the cookie that the router set.
async fn hello(
    router: &TestRouter,
    link: Link,
    cookie: Option<&str>,
    realm: &str,
    details: Value,
) -> (Peer, Value, Option<String>) {
    let headers: Vec<_> = cookie.map(|cookie| ("Cookie", cookie)).into_iter().collect();
    let (wire, set) = router.connect_sending(link, &headers).await;
    let mut peer = Peer::over(wire, link);
    let mut hello = json!({"roles": {"caller": {}}});
    for (key, value) in details.as_object().into_iter().flatten() {
        hello[key] = value.clone();
    }
    peer.send(json!([1, realm, hello])).await;
    let answer = peer.expect(json!([ANY, ANY, ANY])).await;
    (peer, answer, set)
}

/// Logs in with a ticket; the cookie.
async fn log_in(router: &TestRouter, link: Link) -> String {
    let details = json!({"authmethods": ["cookie", "ticket"], "authid": "joe"});
    let (mut peer, challenge, set) = hello(router, link, None, "realm1", details).await;
    assert_eq!(challenge[1], "ticket");
    peer.send(json!([5, "secret!!!", {}])).await;
    peer.expect(json!([2, ID, {"authid": "joe", "authmethod": "ticket", MORE: 0}])).await;
    kept(&set.expect("a new client gets a cookie"))
}

// covers: AUTH-14, WS-13
#[test]
fn who_has_logged_in_is_known_by_the_cookie() {
    on(http(), plan, async |router, link| {
        let cookie = log_in(router, link).await;
        let methods = json!({"authmethods": ["cookie", "ticket"]});
        let (mut peer, welcome, set) = hello(router, link, Some(&cookie), "realm1", methods.clone()).await;
        let who = &welcome[2];
        assert_eq!((&who["authid"], &who["authrole"]), (&json!("joe"), &json!("user")), "{welcome}");
        assert_eq!((&who["authmethod"], set), (&json!("cookie"), None));
        peer.close().await;
        let beside = format!("theme=dark; {cookie}; lang=en");
        let (_, welcome, _) = hello(router, link, Some(&beside), "realm1", methods).await;
        assert_eq!(welcome[2]["authid"], "joe");
    });
}

// covers: AUTH-14
#[test]
fn a_cookie_that_is_not_ours_or_not_whole_is_worth_nothing() {
    on(http(), plan, async |router, link| {
        let cookie = log_in(router, link).await;
        let mut altered = cookie.clone();
        let last = if altered.pop() == Some('0') { '1' } else { '0' };
        altered.push(last);
        for forged in ["cbtid=1", altered.as_str(), &cookie[..40]] {
            let methods = json!({"authmethods": ["cookie"]});
            let (_, answer, set) = hello(router, link, Some(forged), "realm1", methods).await;
            assert_eq!(answer[2], "wamp.error.authentication_denied", "{forged}");
            assert_ne!(kept(&set.expect("a new one")), cookie);
        }
    });
}

// covers: AUTH-02
#[test]
fn a_cookie_is_good_for_the_realm_and_the_user_of_the_login() {
    on(http(), plan, async |router, link| {
        let cookie = log_in(router, link).await;
        let fallback = json!({"authmethods": ["cookie", "anonymous"]});
        let (_, welcome, _) = hello(router, link, Some(&cookie), "realm2", fallback.clone()).await;
        assert_eq!(welcome[2]["authmethod"], "anonymous");
        let other = json!({"authmethods": ["cookie", "anonymous"], "authid": "ada"});
        let (_, welcome, _) = hello(router, link, Some(&cookie), "realm1", other).await;
        assert_eq!(welcome[2]["authmethod"], "anonymous");
        // Being anonymous is nothing to remember.
        let (_, _, set) = hello(router, link, None, "realm1", fallback.clone()).await;
        let (_, welcome, _) = hello(router, link, Some(&kept(&set.unwrap())), "realm1", fallback).await;
        assert_eq!(welcome[2]["authmethod"], "anonymous");
    });
}

#[test]
fn cookies_over_tls_are_for_tls_only() {
    on(http(), plan, async |router, link| {
        let (_, set) = router.connect_sending(link, &[]).await;
        let set = set.unwrap().to_lowercase();
        assert_eq!(set.contains("; secure"), link.carrier == Carrier::Wss, "{set}");
        assert!(set.contains("; httponly") && set.contains("; samesite=lax"), "{set}");
    });
}
