//! Logging in as `docs/security.md` says, with the credentials that are there.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::harness::{Client, Router};
use crate::security::{Made, changed, changed_at, serving};

/// The password of joe in the page's file of users, and his secret elsewhere.
pub(crate) const SESAME: &str = "sesame";

/// A session that begins at the listener `test`.
fn connect(router: &Router) -> Client<UnixStream> {
    let mut client = Client { stream: UnixStream::connect(router.address("test")).unwrap() };
    client.ask(&[0x7F, 0xF1, 0, 0], 4);
    client
}

/// What is answered.
pub(crate) fn asked<S: Read + Write>(client: &mut Client<S>, message: &Value) -> Value {
    client.send(&message.to_string());
    serde_json::from_str(&client.message()).unwrap()
}

pub(crate) fn hello(realm: &str, method: &str, authid: Option<&str>, authextra: &Value) -> Value {
    let roles = json!({"caller": {}, "callee": {}, "subscriber": {}, "publisher": {}});
    json!([1, realm, {"roles": roles, "authmethods": [method], "authid": authid, "authextra": authextra}])
}

pub(crate) fn is_welcome(answer: &Value, authid: &str, authrole: &str) {
    let who = (&answer[0], &answer[2]["authid"], &answer[2]["authrole"]);
    assert_eq!(who, (&json!(2), &json!(authid), &json!(authrole)), "{answer}");
}

pub(crate) fn is_denied(answer: &Value) {
    assert_eq!(answer[2], "wamp.error.authentication_denied", "{answer}");
}

fn sign(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

/// The first `{ method = ...` of a configuration has the file of users instead of what it has.
fn from_the_file(method: &'static str) -> impl Fn(&str) -> String {
    move |text| {
        let (before, rest) = text.split_once("auth = [{ method").unwrap();
        let after = rest.split_once('\n').unwrap().1;
        format!("{before}auth = [{{ method = \"{method}\", users_file = \"users.toml\" }}]\n{after}")
    }
}

#[test]
fn anonymous() {
    let router = serving("anonymous");
    let mut guest = connect(&router);
    let welcome = asked(&mut guest, &json!([1, "realm1", {"roles": {"subscriber": {}, "publisher": {}}}]));
    assert_eq!((&welcome[0], &welcome[2]["authrole"]), (&json!(2), &json!("guest")), "{welcome}");
    assert_eq!(asked(&mut guest, &json!([32, 1, {}, "com.example.public.news"]))[0], 33);
    let denied = asked(&mut guest, &json!([16, 2, {"acknowledge": true}, "com.example.public.news"]));
    assert_eq!(denied[4], "wamp.error.not_authorized");
}

#[test]
fn a_ticket_in_a_file() {
    let router = serving("ticket");
    for (ticket, good) in [("something long", true), ("something lon", false), ("something long\n", false)] {
        let mut backend = connect(&router);
        let hello = hello("realm1", "ticket", Some("backend"), &json!({}));
        assert_eq!(asked(&mut backend, &hello), json!([4, "ticket", {}]));
        let answer = asked(&mut backend, &json!([5, ticket, {}]));
        if good { is_welcome(&answer, "backend", "service") } else { is_denied(&answer) }
    }
}

/// Logs in as joe.
fn wampcra(router: &Router, secret: &str) -> Value {
    let mut joe = connect(router);
    let challenge = asked(&mut joe, &hello("realm1", "wampcra", Some("joe"), &json!({})))[2].take();
    let key = match challenge["salt"].as_str() {
        None => secret.to_string(),
        Some(salt) => {
            let number = |key: &str| u32::try_from(challenge[key].as_u64().unwrap()).unwrap();
            let mut key = vec![0; number("keylen") as usize];
            let iterations = number("iterations").try_into().unwrap();
            let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
            pbkdf2::derive(algorithm, iterations, salt.as_bytes(), secret.as_bytes(), &mut key);
            STANDARD.encode(key)
        }
    };
    let signature = sign(key.as_bytes(), challenge["challenge"].as_str().unwrap().as_bytes());
    asked(&mut joe, &json!([5, STANDARD.encode(signature), {}]))
}

#[test]
fn wampcra_with_a_secret_and_with_a_derived_key() {
    for router in [serving("wampcra"), changed("wampcra", from_the_file("wampcra"))] {
        is_welcome(&wampcra(&router, SESAME), "joe", "user");
        is_denied(&wampcra(&router, "sesam"));
    }
}

/// Logs in as joe; the answer, and what the router has to prove.
fn wamp_scram(router: &Router, password: &str) -> (Value, String) {
    const NONCE: &str = "egVDf3DMJh0=";
    let mut joe = connect(router);
    let hello = hello("realm1", "wamp-scram", Some("joe"), &json!({"nonce": NONCE}));
    let challenge = asked(&mut joe, &hello)[2].take();
    assert_eq!(challenge["kdf"], "argon2id13");
    let number = |key: &str| u32::try_from(challenge[key].as_u64().unwrap()).unwrap();
    let (iterations, salt, nonce) =
        (number("iterations"), challenge["salt"].as_str().unwrap(), challenge["nonce"].as_str().unwrap());
    let params = argon2::Params::new(number("memory"), iterations, 1, None).unwrap();
    let mut salted = [0; 32];
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &STANDARD.decode(salt).unwrap(), &mut salted)
        .unwrap();
    let message = format!("n=joe,r={NONCE},r={nonce},s={salt},i={iterations},c=biws,r={nonce}");
    let client_key = sign(&salted, b"Client Key");
    let stored_key = digest::digest(&digest::SHA256, &client_key);
    let signature = sign(stored_key.as_ref(), message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(one, other)| one ^ other).collect();
    let verifier = STANDARD.encode(sign(&sign(&salted, b"Server Key"), message.as_bytes()));
    let extra = json!({"nonce": nonce, "channel_binding": null, "cbind_data": null});
    (asked(&mut joe, &json!([5, STANDARD.encode(proof), extra])), verifier)
}

#[test]
fn a_password_is_proved_by_both_sides() {
    let router = serving("wamp-scram");
    let (welcome, verifier) = wamp_scram(&router, SESAME);
    is_welcome(&welcome, "joe", "user");
    assert_eq!(welcome[2]["authextra"]["verifier"], verifier);
    is_denied(&wamp_scram(&router, "sesam").0);
}

#[test]
fn a_token_of_the_issuer() {
    let router = serving("jwt");
    let key = EncodingKey::from_ec_der(&Made::once().key.serialize_der());
    let good = json!({"sub": "ann", "iss": "https://id.example.com", "aud": "crossway", "groups": ["staff"],
        "exp": 4_102_444_800_u64});
    let shown = |claims: &Value| {
        let mut ann = connect(&router);
        assert_eq!(asked(&mut ann, &hello("realm1", "jwt", None, &json!({}))), json!([4, "jwt", {}]));
        let token = encode(&Header::new(Algorithm::ES256), claims, &key).unwrap();
        asked(&mut ann, &json!([5, token, {}]))
    };
    is_welcome(&shown(&good), "ann", "user");
    for (claim, value) in [
        ("iss", json!("https://elsewhere.example.com")),
        ("aud", json!("another service")),
        ("groups", json!(["guests"])),
        ("exp", json!(1_700_000_000)),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        is_denied(&shown(&claims));
    }
}

/// Opens a WebSocket with a cookie, or without; also the cookie that was set.
fn websocket(router: &Router, cookie: Option<&str>) -> (UnixStream, Option<String>) {
    let mut stream = UnixStream::connect(router.address("test")).unwrap();
    let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: app.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{cookie}\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet).unwrap();
        head.extend(octet);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let set = head.lines().find(|line| line.to_lowercase().starts_with("set-cookie: "));
    let kept = |line: &str| line[12..].split(';').next().unwrap().to_string();
    (stream, set.map(kept))
}

/// A message over WebSocket, with a mask of zeros, and the answer.
fn says(stream: &mut UnixStream, message: &Value) -> Value {
    let text = message.to_string();
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    stream.write_all(&[&[0x81, 0x80 | 126], &length[..], &[0; 4], text.as_bytes()].concat()).unwrap();
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    let mut length = [0, head[1]];
    if head[1] == 126 {
        stream.read_exact(&mut length).unwrap();
    }
    let mut payload = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn a_cookie_after_a_login() {
    // By a ticket of the same users, which takes fewer words.
    let router = changed("cookie", |text| text.replace("\"wamp-scram\"", "\"ticket\""));
    let again = hello("realm1", "cookie", None, &json!({}));
    let (mut page, cookie) = websocket(&router, None);
    assert_eq!(says(&mut page, &hello("realm1", "ticket", Some("joe"), &json!({})))[0], 4);
    is_welcome(&says(&mut page, &json!([5, SESAME, {}])), "joe", "user");
    let cookie = cookie.unwrap();
    assert!(cookie.starts_with("__Host-crossway="), "{cookie}");
    is_welcome(&says(&mut websocket(&router, Some(&cookie)).0, &again), "joe", "user");
    is_denied(&says(&mut websocket(&router, None).0, &again));
    is_denied(&says(&mut websocket(&router, Some(&cookie[..cookie.len() - 1])).0, &again));
}

/// Joins the realm of whoever decides, and registers the procedure.
fn judge(router: &Router, procedure: &str) -> Client<UnixStream> {
    let mut judge = connect(router);
    asked(&mut judge, &hello("com.example.admin", "ticket", Some("judge"), &json!({})));
    is_welcome(&asked(&mut judge, &json!([5, "gavel", {}])), "judge", "judge");
    assert_eq!(asked(&mut judge, &json!([64, 1, {}, procedure]))[0], 65);
    assert_eq!(asked(&mut judge, &json!([64, 2, {}, "com.example.else"]))[4], "wamp.error.not_authorized");
    judge
}

/// Answers the next question with what comes of its arguments.
fn decides(judge: &mut Client<UnixStream>, verdict: impl Fn(&Value) -> Value) {
    let invocation: Value = serde_json::from_str(&judge.message()).unwrap();
    judge.send(&json!([70, invocation[1], {}, [verdict(&invocation[4])]]).to_string());
}

#[test]
fn somebody_else_decides() {
    let router = serving("Somebody else decides");
    let mut judge = judge(&router, "com.example.authenticate");
    for (ticket, good) in [("open", true), ("shut", false)] {
        let mut joe = connect(&router);
        asked(&mut joe, &hello("com.example.shop", "ticket", Some("joe"), &json!({})));
        joe.send(&json!([5, ticket, {}]).to_string());
        decides(&mut judge, |asked| {
            assert_eq!((&asked[0], &asked[1]), (&json!("com.example.shop"), &json!("joe")));
            if asked[2]["ticket"] == "open" { json!("user") } else { json!(null) }
        });
        let answer = serde_json::from_str(&joe.message()).unwrap();
        if good { is_welcome(&answer, "joe", "user") } else { is_denied(&answer) }
    }
}

#[test]
fn a_procedure_instead_of_rules() {
    // The second configuration below its heading.
    let router = changed_at("Permissions", 1, str::to_string);
    let mut judge = judge(&router, "com.example.authorize");
    let mut joe = connect(&router);
    asked(&mut joe, &hello("realm1", "ticket", Some("joe"), &json!({})));
    is_welcome(&asked(&mut joe, &json!([5, SESAME, {}])), "joe", "user");
    for (topic, good) in [("com.example.open", true), ("com.example.shut", false)] {
        joe.send(&json!([32, 1, {}, topic]).to_string());
        decides(&mut judge, |asked| json!(asked[0]["authid"] == "joe" && asked[1] == "com.example.open"));
        let answer: Value = serde_json::from_str(&joe.message()).unwrap();
        assert_eq!(answer[0], if good { 33 } else { 8 }, "{answer}");
    }
}
