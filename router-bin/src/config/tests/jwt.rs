//! `{ method = "jwt" }`.

use std::fs;
use std::time::Duration;

use super::mistakes::{auth, one};
use super::{environment, good, load_in, report};
use crate::config::checked::{Auth, Jwt, Shown};
use crate::config::tree::Format;

const SECRET: &str = "a secret of at least 32 octets...";

fn jwt(keys: &str) -> String {
    auth(&format!("[{{ method = \"jwt\", {keys} }}]"))
}

fn keyed(more: &str) -> String {
    jwt(&format!("keys = [{{ alg = \"HS256\", secret = \"{SECRET}\" }}], {more}"))
}

fn checked(text: &str) -> Jwt {
    match &good(text).realms[0].terms.auth[..] {
        [Auth::Jwt(checked)] => checked.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_key_and_one_role_are_enough() {
    let Jwt { tokens, shown } = checked(&keyed("role = \"user\""));
    assert_eq!(shown, [Shown::Header, Shown::Challenge, Shown::Ticket]);
    assert_eq!((tokens.leeway, tokens.max_length), (Duration::from_secs(30), 8 << 10));
    assert_eq!((tokens.mapping.authid.as_str(), tokens.roles()), ("sub", Some(vec!["user"])));
}

#[test]
fn what_is_asked_of_tokens() {
    let text = keyed(
        "from = [\"header\"], issuers = [\"https://a\"], audience = [\"b\"], leeway = \"1m\", max_token = \"1KiB\", \
         authid_claim = \"/user/id\", role_claim = \"groups\", roles = [{ claim = \"boss\", role = \"admin\" }], \
         role = \"guest\", realm_claim = \"realms\"",
    );
    let Jwt { tokens, shown } = checked(&text);
    assert_eq!(shown, [Shown::Header]);
    assert_eq!(
        (&tokens.issuers[..], &tokens.audience[..]),
        (&["https://a".to_string()][..], &["b".to_string()][..])
    );
    assert_eq!((tokens.leeway, tokens.max_length), (Duration::from_secs(60), 1 << 10));
    assert_eq!(tokens.mapping.authid, "/user/id");
    assert_eq!(tokens.mapping.realms.as_deref(), Some("realms"));
    assert_eq!(tokens.roles(), Some(vec!["admin", "guest"]));
}

#[test]
fn keys_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let pair = rcgen::KeyPair::generate().unwrap();
    fs::write(folder.path().join("issuer.pem"), pair.public_key_pem()).unwrap();
    fs::write(
        folder.path().join("jwks.json"),
        r#"{"keys": [{"kty": "oct", "alg": "HS256", "k": "c2hvcnQ"}]}"#,
    )
    .unwrap();
    let load = |keys: &str| {
        load_in(
            folder.path(),
            Format::Toml,
            "test.toml",
            &jwt(&format!("{keys}, role = \"user\"")),
            &environment(),
        )
    };
    assert!(load("keys = [{ alg = \"ES256\", kid = \"a\", public_key_file = \"issuer.pem\" }]").is_ok());
    let told = load("keys = [{ alg = \"RS256\", public_key_file = \"issuer.pem\" }]").unwrap_err();
    assert!(told.contains("this is no public key for RS256"), "{told}");
    let told = load("jwks = \"jwks.json\"").unwrap_err();
    assert!(told.contains("key 1 of the set") && !told.contains("c2hvcnQ"), "{told}");
    fs::write(
        folder.path().join("jwks.json"),
        r#"{"keys": [{"kty": "oct", "k": "YSBzZWNyZXQgb2YgYXQgbGVhc3QgMzIgb2N0ZXRzLi4u"}]}"#,
    )
    .unwrap();
    assert!(load("jwks = \"jwks.json\"").is_ok());
}

#[test]
fn keys_have_to_fit() {
    let path = "`realm[0].auth[0]";
    let key = |key: &str| jwt(&format!("keys = [{{ {key} }}], role = \"user\""));
    one(&jwt("role = \"user\""), &format!("{path}.keys` is missing"), "4:9", "jwks = \"jwks.json\"");
    one(
        &jwt("keys = [], role = \"user\""),
        &format!("{path}.keys` is missing"),
        "4:9",
        "jwks = \"jwks.json\"",
    );
    one(&key("secret = \"x\""), &format!("{path}.keys[0].alg` is missing"), "4:35", "alg = \"RS256\"");
    one(&key("alg = \"none\", secret = \"x\""), "has an unknown value", "4:43", "allowed: `HS256`");
    one(&key("alg = \"HS256\", secret = \"short\""), "secret` can't be used", "4:35", "at least 32 octets");
    one(
        &key("alg = \"HS256\", public_key = \"x\""),
        "has a key of the other kind",
        "4:35",
        "which has to stay one",
    );
    one(
        &key("alg = \"RS256\", secret = \"x\""),
        "has a key of the other kind",
        "4:35",
        "a public key: `public_key_file`",
    );
    one(
        &key("alg = \"RS256\", public_key = \"x\""),
        "public_key` can't be used",
        "4:35",
        "no PEM section `PUBLIC KEY`",
    );
    // What an attacker knows is no secret.
    let pem = rcgen::KeyPair::generate().unwrap().public_key_pem().replace('\n', "\\n");
    one(
        &key(&format!("alg = \"HS256\", secret = \"{pem}\"")),
        "secret` can't be used",
        "4:35",
        "does not work with such a key",
    );
    let absent = jwt("jwks = \"x\", role = \"user\"");
    one(&absent, "jwks` names a file that can't be used", "4:34", "No such file");
}

#[test]
fn roles_come_from_somewhere() {
    one(&keyed("issuers = []"), "`realm[0].auth[0].role` is missing", "4:9", "role_claim = \"roles\"");
    let stray = "role = \"user\", roles = [{ claim = \"a\", role = \"b\" }]";
    one(&keyed(stray), "translates roles that nobody reads", "4:124", "role_claim");
}

#[test]
fn secrets_of_issuers_are_never_shown() {
    let shown = report(Format::Toml, &keyed("rol = \"user\""));
    assert!(!shown.contains("at least 32"), "{shown}");
    let config = good(&keyed("role = \"user\""));
    assert!(!format!("{config:?}").contains("at least 32"));
}
