//! What must not get into the log, at any level.

use std::io;
use std::sync::{Arc, Mutex};

use crossway_cookie::{Cookie, CookieOptions, Cookies};
use crossway_core::RealmConfig;
use crossway_tests::pattern::{ID, MORE};
use crossway_tests::{Link, Peer, Plan, on};
use crossway_ticket::Ticket;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with the lock held").extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Log;

    fn make_writer(&'w self) -> Log {
        self.clone()
    }
}

#[test]
fn a_whole_login_leaves_no_secret_in_the_log() {
    let plan = || {
        let cookies = Arc::new(Cookies::new(CookieOptions::default()));
        let realm = RealmConfig::new("realm1")
            .authenticator(Arc::new(Cookie::new(Arc::clone(&cookies))))
            .authenticator(Arc::new(Ticket::new().user("joe", "tick3t-0f-joe", "user")));
        Plan { visitors: Some(cookies), ..Plan::realm(realm) }
    };
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    // While there is but one, lines that other tests come to first are asked about there, where nobody listens, and are off
    // from then on, here as well.
    let silent = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(std::io::sink);
    let _second = tracing::Dispatch::new(silent.finish());
    // Everything runs on this thread.
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    tracing::callsite::rebuild_interest_cache();
    let mut secrets = vec!["tick3t-0f-joe".to_owned(), "wr0ng-tick3t".to_owned(), "be4rer-of-joe".to_owned()];
    let links = Link::all().filter(|link| link.carrier.is_websocket() || link.carrier.is_longpoll());
    let seen = Mutex::new(Vec::new());
    on(links, plan, async |router, link| {
        let hello = json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["cookie", "ticket"], "authid": "joe"}]);
        let mut cookie = "theme=d4rk-secret".to_owned();
        for (ticket, kind) in [("wr0ng-tick3t", 3), ("tick3t-0f-joe", 2)] {
            let headers = [("Cookie", cookie.as_str()), ("Authorization", "Bearer be4rer-of-joe")];
            let (wire, set) = router.connect_sending(link, &headers).await;
            let mut peer = Peer::over(wire, link);
            peer.send(hello.clone()).await;
            peer.expect(json!([4, "ticket", {}])).await;
            peer.send(json!([5, ticket, {}])).await;
            assert_eq!(peer.receive().await[0], kind);
            cookie = set.unwrap().split(';').next().unwrap().to_owned();
            seen.lock().unwrap().push(cookie.clone());
        }
        let (wire, _) = router.connect_sending(link, &[("Cookie", &cookie)]).await;
        let mut peer = Peer::over(wire, link);
        peer.send(hello).await;
        peer.expect(json!([2, ID, {"authmethod": "cookie", MORE: 0}])).await;
    });
    // The id alone would be enough to look for.
    secrets.extend(seen.into_inner().unwrap().iter().map(|cookie| cookie[6..38].to_owned()));
    secrets.push("d4rk-secret".to_owned());
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("joined"), "the log is there");
    for secret in secrets {
        let line = text.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}
