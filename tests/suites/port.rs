//! One port for everything.

use crossway_tests::wire::read_to_end;
use crossway_tests::{Bystander, Carrier, Format, Link, Peer, Plan, on};
use serde_json::json;
use tokio::io::AsyncWriteExt;

fn shared() -> Plan {
    Plan { shared_port: true, ..Plan::default() }
}

// covers: RAW-33, RAW-01
#[test]
fn every_framing_and_format_finds_its_way_through_a_shared_port() {
    on(Link::all(), shared, async |router, link| {
        let mut bystander = Bystander::join(router).await;
        let mut peer = Peer::join(router, link).await;
        let registration = peer.register("com.myapp.procedure").await;
        let call = peer.call("com.myapp.procedure", json!([1])).await;
        let invocation = peer.expect_invocation(registration, json!([1])).await;
        peer.send(json!([70, invocation, {}, [2]])).await;
        peer.expect(json!([50, call, {}, [2]])).await;
        bystander.is_unharmed().await;
    });
}

// covers: RAW-33, RAW-04
#[test]
fn people_get_a_page_and_strangers_nothing() {
    let carriers = [Carrier::Tcp, Carrier::Tls, Carrier::Unix].map(|carrier| carrier.with(Format::Json));
    on(carriers, shared, async |router, link| {
        let mut bystander = Bystander::join(router).await;
        let mut browser = router.dial(link.carrier).await;
        browser.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("the router listens");
        browser.flush().await.expect("the router listens");
        let page = String::from_utf8(read_to_end(&mut browser).await).expect("UTF-8");
        assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("WAMP"), "{page}");
        for stranger in [&b"\0\0\0\0"[..], b"\x16\x03\x01\x02\0", b"ssh-2.0", b"{\"json\": 1}"] {
            let mut stream = router.dial(link.carrier).await;
            // The router may close before it has read everything.
            let _ = stream.write_all(stranger).await;
            let _ = stream.flush().await;
            assert_eq!(read_to_end(&mut stream).await, b"");
        }
        bystander.is_unharmed().await;
    });
}
