//! HTTP long-polling, request by request.

use std::time::Duration;

use crossway_longpoll::LongPollOptions;
use crossway_tests::http::{Answer, Http};
use crossway_tests::peer::all_roles;
use crossway_tests::wire::Stream;
use crossway_tests::{Bystander, Carrier, Format, Peer, Plan, TestRouter, on};
use serde_json::{Value, json};

const TOPIC: &str = "com.myapp.topic";

fn plan(change: impl Fn(&mut LongPollOptions) + Send + Sync + 'static) -> Plan {
    Plan { longpoll: Box::new(change), ..Plan::default() }
}

/// A behaviour of a router whose listeners are for long-polling.
fn with(plan: impl Fn() -> Plan, behaviour: impl AsyncFn(&TestRouter)) {
    on([Carrier::LongPoll.with(Format::Json)], plan, async |router, _| behaviour(router).await);
}

async fn connect(router: &TestRouter) -> Http {
    Http(router.dial(Carrier::LongPoll).await)
}

/// One request on a connection of its own.
async fn post(router: &TestRouter, path: &str, body: &[u8]) -> Answer {
    connect(router).await.post(path, body).await.expect("an answer")
}

/// What comes back for octets, up to the end of the connection or of the answer.
async fn say(router: &TestRouter, octets: &str) -> Answer {
    let mut http = connect(router).await;
    http.say(octets.as_bytes()).await;
    http.answer().await.expect("an answer")
}

/// The path of a new transport.
async fn open(router: &TestRouter, protocol: &str) -> String {
    let answer =
        post(router, "/longpoll/open", json!({"protocols": [protocol]}).to_string().as_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let opened: Value = serde_json::from_slice(&answer.body).expect("JSON");
    format!("/longpoll/{}", opened["transport"].as_str().expect("an id"))
}

/// The path of a new transport with a session.
async fn join(router: &TestRouter) -> String {
    let transport = open(router, "wamp.2.json").await;
    let hello = json!([1, "realm1", all_roles()]).to_string();
    assert_eq!(post(router, &format!("{transport}/send"), hello.as_bytes()).await.status, 202);
    assert!(fetch(router, &transport).await.starts_with("[2,"));
    transport
}

async fn fetch(router: &TestRouter, transport: &str) -> String {
    let answer = post(router, &format!("{transport}/receive"), b"").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    String::from_utf8(answer.body).expect("text")
}

async fn subscribe(router: &TestRouter, transport: &str) {
    let subscribe = json!([32, 1, {}, TOPIC]).to_string();
    post(router, &format!("{transport}/send"), subscribe.as_bytes()).await;
    assert!(fetch(router, transport).await.starts_with("[33,"));
}

// covers: LP-01, LP-02, LP-03, LP-06, LP-07, LP-08, LP-09, LP-13
#[test]
fn a_dialogue_as_the_specification_shows_it() {
    with(Plan::default, async |router| {
        let mut http = connect(router).await;
        let opened = http
            .post("/longpoll/open?x=382913", br#"{"protocols": ["wamp.2.json"]}"#)
            .await
            .expect("an answer");
        assert_eq!(opened.status, 200);
        assert!(opened.head.contains("\r\ncontent-type: application/json"), "{}", opened.head);
        let opened: Value = serde_json::from_slice(&opened.body).expect("JSON");
        assert_eq!(opened["protocol"], "wamp.2.json");
        let id = opened["transport"].as_str().expect("an id");
        assert_eq!(id.len(), 32, "128 bits in hexadecimal");
        let hello = json!([1, "realm1", all_roles()]).to_string();
        let sent = http.post(&format!("/longpoll/{id}/send?x=1"), hello.as_bytes()).await.expect("an answer");
        assert_eq!((sent.status, sent.body.len()), (202, 0));
        let welcome = http.post(&format!("/longpoll/{id}/receive?x=2"), b"").await.expect("an answer");
        assert_eq!(welcome.status, 200);
        assert!(welcome.body.starts_with(b"[2,"));
        assert!(welcome.head.contains("cache-control: no-store"), "{}", welcome.head);
    });
}

// covers: LP-04, LP-05, LP-12
#[test]
fn every_protocol_may_be_chosen() {
    let links = Format::ALL
        .into_iter()
        .flat_map(|f| [Carrier::LongPoll, Carrier::LongPollBatched].map(|c| c.with(f)));
    on(links, Plan::default, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let subscription = peer.subscribe(TOPIC).await;
        let mut other = Peer::join(router, link).await;
        other.publish_acknowledged(TOPIC, json!([1])).await;
        peer.expect_event(subscription, json!([1])).await;
    });
}

// covers: LP-02, LP-05
#[test]
fn who_can_not_be_understood_opens_nothing() {
    with(Plan::default, async |router| {
        for body in ["", "{}", "[]", r#"{"protocols": 1}"#, r#"{"protocols": ["wamp.2.ubjson"]}"#] {
            let answer = post(router, "/longpoll/open", body.as_bytes()).await;
            assert_eq!(answer.status, 400, "{body}");
            assert!(
                String::from_utf8_lossy(&answer.body).contains("wamp.2.json"),
                "says what there is: {answer:?}"
            );
        }
        assert_eq!(post(router, "/longpoll/open", &[b' '; 10_000]).await.status, 400);
        assert_eq!(router.core.connections(), 0);
    });
}

// covers: LP-10
#[test]
fn one_message_at_a_time_without_batches() {
    with(Plan::default, async |router| {
        let transport = join(router).await;
        subscribe(router, &transport).await;
        let mut publisher = Peer::join(router, Carrier::LongPoll.with(Format::Json)).await;
        for number in 1..=3 {
            publisher.publish_acknowledged(TOPIC, json!([number])).await;
        }
        for number in 1..=3 {
            let event = fetch(router, &transport).await;
            assert!(event.starts_with("[36,") && event.ends_with(&format!("[{number}]]")), "{event}");
        }
    });
}

// covers: LP-11, LP-12, BATCH-08
#[test]
fn everything_that_waits_in_one_batch() {
    on(
        Format::ALL.map(|format| Carrier::LongPollBatched.with(format)),
        Plan::default,
        async |router, link| {
            let mut subscriber = Peer::join(router, link).await;
            let subscription = subscriber.subscribe(TOPIC).await;
            let mut publisher = Peer::join(router, link).await;
            let one_turn: Vec<_> = (1..=20).map(|number| json!([16, number, {}, TOPIC, [number]])).collect();
            publisher.send_batch(&one_turn).await;
            for number in 1..=20 {
                subscriber.expect_event(subscription, json!([number])).await;
            }
            assert_eq!(subscriber.longest_batch(), 20);
        },
    );
}

// covers: LP-13, LP-16
#[test]
fn a_broken_batch_is_a_bad_request_and_the_end() {
    with(Plan::default, async |router| {
        let mut bystander = Bystander::join(router).await;
        for batch in ["", "[1]", "\x1E"] {
            let transport = open(router, "wamp.2.json.batched").await;
            assert_eq!(
                post(router, &format!("{transport}/send"), batch.as_bytes()).await.status,
                400,
                "{batch:?}"
            );
            assert_eq!(post(router, &format!("{transport}/receive"), b"").await.status, 404);
        }
        bystander.is_unharmed().await;
    });
}

// covers: LP-13
#[test]
fn a_body_beyond_the_limit_is_a_bad_request_and_the_end() {
    with(
        || Plan { max_message: 4096, ..Plan::default() },
        async |router| {
            let transport = join(router).await;
            assert_eq!(post(router, &format!("{transport}/send"), &[b' '; 4097]).await.status, 400);
            assert_eq!(post(router, &format!("{transport}/receive"), b"").await.status, 404);
            assert_eq!(router.core.sessions(), 0);
        },
    );
}

// covers: LP-13
#[test]
fn a_violation_of_wamp_is_accepted_and_answered_by_abort() {
    with(Plan::default, async |router| {
        let transport = join(router).await;
        assert_eq!(post(router, &format!("{transport}/send"), b"[no message").await.status, 202);
        let abort = fetch(router, &transport).await;
        assert!(abort.starts_with("[3,") && abort.contains("wamp.error.protocol_violation"), "{abort}");
        assert_eq!(post(router, &format!("{transport}/receive"), b"").await.status, 404);
    });
}

// covers: LP-14, LP-16
#[test]
fn after_closing_the_transport_is_not_found() {
    with(Plan::default, async |router| {
        let transport = join(router).await;
        let mut waiting = connect(router).await;
        waiting.send(&format!("{transport}/receive"), b"").await;
        assert_eq!(post(router, &format!("{transport}/close"), b"").await.status, 202);
        assert_eq!(waiting.answer().await.expect("an answer").status, 404);
        for what in ["send", "receive", "close"] {
            assert_eq!(post(router, &format!("{transport}/{what}"), b"").await.status, 404);
        }
    });
}

// covers: LP-16
#[test]
fn paths_and_methods_that_are_not_known() {
    with(Plan::default, async |router| {
        for path in
            ["/longpoll/0123/send", "/longpoll/0123/receive", "/longpoll//close", "/longpoll/x", "/", "/open"]
        {
            assert_eq!(post(router, path, b"").await.status, 404, "{path}");
        }
        for method in ["GET", "PUT", "DELETE"] {
            let answer = say(router, &format!("{method} /longpoll/open HTTP/1.1\r\nHost: x\r\n\r\n")).await;
            assert_eq!(answer.status, 405, "{method}");
            assert!(answer.head.contains("\r\nallow: post"), "{}", answer.head);
        }
        for garbage in ["GARBAGE\r\n\r\n", "POST /longpoll/open\r\n\r\n", "\r\nPOST\r\n\r\n"] {
            assert_eq!(say(router, garbage).await.status, 400, "{garbage:?}");
        }
    });
}

// covers: LP-15
#[test]
fn http_1_0_with_a_connection_for_each_request() {
    with(Plan::default, async |router| {
        let post = async |path: &str, body: &str| {
            let len = body.len();
            say(router, &format!("POST {path} HTTP/1.0\r\nContent-Length: {len}\r\n\r\n{body}")).await
        };
        let opened = post("/longpoll/open", r#"{"protocols": ["wamp.2.json"]}"#).await;
        let opened: Value = serde_json::from_slice(&opened.body).expect("JSON");
        let transport = format!("/longpoll/{}", opened["transport"].as_str().expect("an id"));
        let hello = json!([1, "realm1", all_roles()]).to_string();
        assert_eq!(post(&format!("{transport}/send"), &hello).await.status, 202);
        assert!(post(&format!("{transport}/receive"), "").await.body.starts_with(b"[2,"));
    });
}

// covers: LP-15
#[test]
fn requests_may_come_in_a_row_and_in_chunks() {
    with(Plan::default, async |router| {
        let transport = open(router, "wamp.2.json").await;
        let hello = json!([1, "realm1", all_roles()]).to_string();
        let (one, other) = hello.split_at(7);
        let chunks = format!("{:x}\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\n\r\n", one.len(), other.len());
        let mut http = connect(router).await;
        http.say(
            format!(
                "POST {transport}/send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}\
                 POST {transport}/receive HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
            )
            .as_bytes(),
        )
        .await;
        assert_eq!(http.answer().await.expect("an answer").status, 202);
        assert!(http.answer().await.expect("an answer").body.starts_with(b"[2,"));
    });
}

// covers: LP-16
#[test]
fn of_two_requests_for_messages_the_later_one_waits() {
    with(Plan::default, async |router| {
        let transport = join(router).await;
        let (mut early, mut late) = (connect(router).await, connect(router).await);
        early.send(&format!("{transport}/receive"), b"").await;
        // The router sees them in an order of its own, and one of them comes back empty-handed.
        late.send(&format!("{transport}/receive"), b"").await;
        let (first, second) = tokio::select! {
            answer = early.answer() => (answer, &mut late),
            answer = late.answer() => (answer, &mut early),
        };
        assert_eq!(first.expect("an answer").status, 204);
        let subscribe = json!([32, 1, {}, TOPIC]).to_string();
        post(router, &format!("{transport}/send"), subscribe.as_bytes()).await;
        assert!(second.answer().await.expect("an answer").body.starts_with(b"[33,"));
    });
}

// covers: LP-09
#[test]
fn a_request_is_not_held_for_ever() {
    with(
        || plan(|options| options.hold = Duration::from_millis(10)),
        async |router| {
            let transport = join(router).await;
            assert_eq!(post(router, &format!("{transport}/receive"), b"").await.status, 204);
            subscribe(router, &transport).await;
        },
    );
}

// covers: LP-16, SESS-27
#[test]
fn who_does_not_fetch_is_gone_like_a_lost_connection() {
    with(
        || plan(|options| options.idle_timeout = Duration::from_millis(50)),
        async |router| {
            let transport = join(router).await;
            while router.core.sessions() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(post(router, &format!("{transport}/receive"), b"").await.status, 404);
        },
    );
}

// covers: LP-09
#[test]
fn messages_survive_the_connection_that_waited_for_them() {
    with(Plan::default, async |router| {
        let transport = join(router).await;
        subscribe(router, &transport).await;
        let mut publisher = Peer::join(router, Carrier::LongPoll.with(Format::Json)).await;
        for number in 1..=20 {
            let mut lost = connect(router).await;
            lost.send(&format!("{transport}/receive"), b"").await;
            drop(lost);
            // Whether the router sees the end of the connection before or after the message, the next request has it,
            // unless the system had taken the answer.
            let mut next = connect(router).await;
            next.send(&format!("{transport}/receive"), b"").await;
            publisher.publish_acknowledged(TOPIC, json!([number])).await;
            let answer = next.answer().await.expect("an answer");
            let event = match answer.status {
                204 => fetch(router, &transport).await,
                _ => String::from_utf8(answer.body).expect("text"),
            };
            assert!(event.ends_with(&format!("[{number}]]")), "{event}");
        }
    });
}

// covers: LP-16
#[test]
fn transports_are_limited() {
    with(
        || plan(|options| options.max_transports = 2),
        async |router| {
            let transport = open(router, "wamp.2.json").await;
            open(router, "wamp.2.json").await;
            let full = post(router, "/longpoll/open", br#"{"protocols": ["wamp.2.json"]}"#).await;
            assert_eq!(full.status, 503);
            assert!(full.head.contains("retry-after"), "{}", full.head);
            post(router, &format!("{transport}/close"), b"").await;
            open(router, "wamp.2.json").await;
        },
    );
}

#[test]
fn pages_of_other_origins_have_to_be_allowed() {
    let plan = || plan(|options| options.origins = vec!["https://*.example.com".to_owned()]);
    with(plan, async |router| {
        let ask = async |method: &str, origin: &str| {
            let body = r#"{"protocols": ["wamp.2.json"]}"#;
            let len = body.len();
            let head = format!("{method} /longpoll/open HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n");
            say(router, &format!("{head}Content-Length: {len}\r\n\r\n{body}")).await
        };
        let preflight = ask("OPTIONS", "https://app.example.com").await;
        assert_eq!(preflight.status, 204);
        for header in [
            "allow-origin: https://app.example.com",
            "allow-methods: post",
            "allow-headers: content-type",
            "allow-credentials: true",
        ] {
            assert!(preflight.head.contains(&format!("access-control-{header}\r\n")), "{}", preflight.head);
        }
        let opened = ask("POST", "https://app.example.com").await;
        assert_eq!(opened.status, 200);
        assert!(
            opened.head.contains("access-control-allow-origin: https://app.example.com"),
            "{}",
            opened.head
        );
        for method in ["OPTIONS", "POST"] {
            let refused = ask(method, "https://example.org").await;
            assert_eq!(refused.status, 403);
            assert!(!refused.head.contains("access-control"), "{}", refused.head);
        }
    });
}

// covers: LP-13
#[test]
fn clients_that_want_204_may_get_it() {
    with(
        || plan(|options| options.no_content = true),
        async |router| {
            let transport = open(router, "wamp.2.json").await;
            assert_eq!(post(router, &format!("{transport}/send"), b"[6, {}, \"x\"]").await.status, 204);
            assert_eq!(post(router, &format!("{transport}/close"), b"").await.status, 204);
        },
    );
}

// covers: LP-13
#[test]
fn autobahn_js_takes_202_for_a_failure_and_gets_204() {
    with(Plan::default, async |router| {
        let transport = open(router, "wamp.2.json").await;
        for (action, body) in [("send", "[6, {}, \"x\"]"), ("close", "")] {
            let request = format!(
                "POST {transport}/{action} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            assert_eq!(say(router, &request).await.status, 204, "{action}");
        }
    });
}

// covers: LP-16
#[test]
fn autobahn_js_may_close_what_an_abort_has_ended() {
    with(Plan::default, async |router| {
        let transport = open(router, "wamp.2.json").await;
        let hello = json!([1, "no such realm", all_roles()]).to_string();
        post(router, &format!("{transport}/send"), hello.as_bytes()).await;
        assert!(fetch(router, &transport).await.starts_with("[3,"));
        assert_eq!(post(router, &format!("{transport}/receive"), b"").await.status, 404, "it has ended");
        let request = format!(
            "POST {transport}/close HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\n\
             Content-Length: 0\r\n\r\n"
        );
        assert_eq!(say(router, &request).await.status, 204);
    });
}

// covers: LP-01
#[test]
fn a_shared_port_knows_long_polling_by_its_path() {
    let shared = || Plan { shared_port: true, ..Plan::default() };
    let links = [Carrier::LongPoll, Carrier::Ws, Carrier::Batched, Carrier::Tcp, Carrier::Tls, Carrier::Unix];
    on(links.map(|carrier| carrier.with(Format::Json)), shared, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        peer.subscribe(TOPIC).await;
        // Every listener has it, over TLS and Unix sockets as well.
        let stream: Stream = router.dial(link.carrier).await;
        let answer = Http(stream).post("/longpoll/open", br#"{"protocols": ["wamp.2.cbor"]}"#).await;
        assert_eq!(answer.expect("an answer").status, 200);
    });
}

// covers: LP-16
#[test]
fn a_request_that_does_not_come_to_its_end() {
    with(
        || plan(|options| options.request_timeout = Duration::from_millis(50)),
        async |router| {
            for beginning in ["", "POST /longpoll/op", "POST /longpoll/open HTTP/1.1\r\nHost:"] {
                let mut http = connect(router).await;
                http.say(beginning.as_bytes()).await;
                assert!(http.answer().await.is_none_or(|answer| answer.status == 408), "{beginning:?}");
            }
            let answer =
                say(router, "POST /longpoll/open HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{").await;
            assert_eq!(answer.status, 408);
        },
    );
}
