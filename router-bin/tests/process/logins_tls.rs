//! Logging in over TLS as `docs/security.md` says: what takes a certificate, or is bound to the connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use crossway_cryptosign::PrivateKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;

use crate::harness::{Client, Router};
use crate::logins::{SESAME, asked, hello, is_denied, is_welcome};
use crate::security::{Made, changed, serving};

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Connects to the listener `public` as the owner of a certificate, or as nobody; `None` if the router does not want to hear more.
fn over_tls(router: &Router, name: Option<&str>) -> Option<Client<Tls>> {
    let mut roots = RootCertStore::empty();
    roots.add(Made::once().server.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.unwrap().with_root_certificates(roots);
    let config = match name.map(|name| Made::once().client(name)) {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
        }
    };
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let port = router.address("public").rsplit_once(':').unwrap().1;
    let stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let mut client = Client { stream: StreamOwned::new(connection, stream) };
    client.stream.write_all(&[0x7F, 0xF1, 0, 0]).ok()?;
    client.stream.read_exact(&mut [0; 4]).ok()?;
    Some(client)
}

/// The listener of a configuration gets the name by which it is found.
fn named(text: &str) -> String {
    text.replacen("[[listener]]\n", "[[listener]]\nname = \"public\"\n", 1)
}

#[test]
fn a_ticket_over_tls() {
    let router = serving("TLS");
    for (ticket, good) in [(SESAME, true), ("sesam", false)] {
        let mut joe = over_tls(&router, None).unwrap();
        assert_eq!(joe.stream.conn.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
        asked(&mut joe, &hello("realm1", "ticket", Some("joe"), &json!({})));
        let answer = asked(&mut joe, &json!([5, ticket, {}]));
        if good { is_welcome(&answer, "joe", "user") } else { is_denied(&answer) }
    }
}

#[test]
fn a_signature_for_this_connection_alone() {
    let key = PrivateKey::generate().unwrap();
    let router = changed("cryptosign", |text| {
        let at = text.find("pubkeys = [\"").unwrap() + 12;
        named(&(text[..at].to_string() + &key.public().to_string() + &text[at + 64..]))
    });
    let pubkey = key.public().to_string();
    let offer = json!({"pubkey": pubkey, "challenge": "07".repeat(32), "channel_binding": "tls-exporter"});
    let exporter = |joe: &Client<Tls>| {
        joe.stream.conn.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", None).unwrap()
    };
    let elsewhere = exporter(&over_tls(&router, None).unwrap());
    for good in [true, false] {
        let mut joe = over_tls(&router, None).unwrap();
        let challenge = asked(&mut joe, &hello("realm1", "cryptosign", Some("joe"), &offer))[2].take();
        let here = exporter(&joe);
        let xor = |one: [u8; 32], other: [u8; 32]| std::array::from_fn(|at| one[at] ^ other[at]);
        assert_eq!(challenge["signature"], Made::once().router.sign(&xor([7; 32], here)));
        let digits = challenge["challenge"].as_str().unwrap();
        let octet = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
        let message = xor(std::array::from_fn(octet), if good { here } else { elsewhere });
        let answer = asked(&mut joe, &json!([5, key.sign(&message), {}]));
        if good { is_welcome(&answer, "joe", "user") } else { is_denied(&answer) }
    }
    let unbound = hello("realm1", "cryptosign", Some("joe"), &json!({"pubkey": pubkey}));
    is_denied(&asked(&mut over_tls(&router, None).unwrap(), &unbound));
}

#[test]
fn a_certificate() {
    let router = changed("TLS certificates", named);
    for (name, authid, authrole) in [("backend.example.com", "backend", "service"), ("ann", "ann", "user")] {
        let mut client = over_tls(&router, Some(name)).unwrap();
        is_welcome(&asked(&mut client, &hello("realm1", "tls", None, &json!({}))), authid, authrole);
    }
    assert!(over_tls(&router, None).is_none(), "required");
}
