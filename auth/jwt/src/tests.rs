//! Tokens that hold, and all those that do not.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossway_core::auth::AuthRequest;
use crossway_core::{Dict, transport::TransportInfo};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::token::BadToken;
use crate::{FileOptions, Key, KeyError, Keys, Mapping, Tokens};

const SECRET: &[u8] = b"a secret of at least 64 octets, so that it will do for HS512 too..";

/// A key pair of an issuer.
struct Pair {
    algorithm: Algorithm,
    public: String,
    private: Vec<u8>,
}

fn pair(algorithm: Algorithm, kind: &'static rcgen::SignatureAlgorithm) -> Pair {
    let pair = rcgen::KeyPair::generate_for(kind).expect("a key pair");
    Pair { algorithm, public: pair.public_key_pem(), private: pair.serialize_der() }
}

static RSA: LazyLock<Pair> = LazyLock::new(|| {
    let size = rcgen::RsaKeySize::_2048;
    let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).expect("a key pair");
    Pair {
        algorithm: Algorithm::RS256,
        public: pair.public_key_pem(),
        private: rsa_der(&pair.serialize_der()),
    }
});

/// What is inside of PKCS#8, which is what the encoder of tokens wants: it has a header of 26 octets for keys of this size.
fn rsa_der(pkcs8: &[u8]) -> Vec<u8> {
    pkcs8[26..].to_vec()
}

static P256: LazyLock<Pair> = LazyLock::new(|| pair(Algorithm::ES256, &rcgen::PKCS_ECDSA_P256_SHA256));
static P384: LazyLock<Pair> = LazyLock::new(|| pair(Algorithm::ES384, &rcgen::PKCS_ECDSA_P384_SHA384));
static ED: LazyLock<Pair> = LazyLock::new(|| pair(Algorithm::EdDSA, &rcgen::PKCS_ED25519));

impl Pair {
    fn key(&self, algorithm: Algorithm) -> Key {
        Key::public(algorithm, self.public.as_bytes()).expect("a public key")
    }

    fn encoding(&self) -> EncodingKey {
        match self.algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_der(&self.private),
            Algorithm::RS256 => EncodingKey::from_rsa_der(&self.private),
            _ => EncodingKey::from_ec_der(&self.private),
        }
    }

    fn sign(&self, algorithm: Algorithm, claims: &Value) -> String {
        encode(&Header::new(algorithm), claims, &self.encoding()).expect("a token")
    }
}

fn hmac(header: &Header, claims: &Value, secret: &[u8]) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret)).expect("a token")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn claims(more: Value) -> Value {
    let mut claims = json!({"sub": "joe", "exp": now() + 600});
    claims.as_object_mut().expect("claims").extend(more.as_object().expect("more").clone());
    claims
}

fn tokens(keys: impl IntoIterator<Item = Key>) -> Tokens {
    Tokens::new(keys.into_iter().fold(Keys::new(), Keys::key), Mapping::to_role("user"))
}

fn shared() -> Tokens {
    tokens([Key::secret(Algorithm::HS256, SECRET).expect("a secret")])
}

fn verified(tokens: &Tokens, token: &str) -> Result<Value, BadToken> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(tokens.verified(token)).map(|claims| claims.0)
}

fn joe(tokens: &Tokens, more: Value) -> Result<Value, BadToken> {
    verified(tokens, &hmac(&Header::new(Algorithm::HS256), &claims(more), SECRET))
}

#[test]
fn every_algorithm_verifies_its_own_tokens_and_no_others() {
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let tokens = tokens([Key::secret(algorithm, SECRET).expect("a secret")]);
        for other in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let token = hmac(&Header::new(other), &claims(json!({})), SECRET);
            assert_eq!(verified(&tokens, &token).is_ok(), other == algorithm, "{other:?} for {algorithm:?}");
        }
    }
    let rsa = [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ];
    for algorithm in rsa {
        let tokens = tokens([RSA.key(algorithm)]);
        for other in rsa {
            let token = RSA.sign(other, &claims(json!({})));
            assert_eq!(verified(&tokens, &token).is_ok(), other == algorithm, "{other:?} for {algorithm:?}");
        }
    }
    for pair in [&*P256, &*P384, &*ED] {
        let tokens = tokens([pair.key(pair.algorithm)]);
        for other in [&*P256, &*P384, &*ED] {
            let token = other.sign(other.algorithm, &claims(json!({})));
            assert_eq!(verified(&tokens, &token).is_ok(), other.algorithm == pair.algorithm);
        }
    }
}

#[test]
fn alg_none_is_no_algorithm() {
    let body = URL_SAFE_NO_PAD.encode(claims(json!({})).to_string());
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": none, "typ": "JWT"}).to_string());
        for signature in ["", "AA"] {
            let token = format!("{header}.{body}.{signature}");
            assert_eq!(verified(&shared(), &token), Err(BadToken::Malformed));
        }
    }
}

#[test]
fn a_public_key_is_no_secret() {
    let confused = [RSA.public.as_bytes(), RSA.public.trim_end().as_bytes()];
    let tokens = tokens([RSA.key(Algorithm::RS256)]);
    for secret in confused {
        let token = hmac(&Header::new(Algorithm::HS256), &claims(json!({})), secret);
        assert_eq!(verified(&tokens, &token), Err(BadToken::NoKey));
    }
    for pem in [&RSA.public, &P256.public, &ED.public] {
        let error = Key::secret(Algorithm::HS256, pem.as_bytes()).expect_err("no secret");
        assert_eq!(error, KeyError::Confused(Algorithm::HS256));
    }
}

#[test]
fn keys_fit_their_algorithm() {
    let rsa = RSA.public.as_bytes();
    let invalid = |algorithm, pem: &str| Key::public(algorithm, pem.as_bytes()).expect_err("no such key");
    assert_eq!(invalid(Algorithm::ES256, &RSA.public), KeyError::Invalid(Algorithm::ES256));
    assert_eq!(invalid(Algorithm::ES256, &P384.public), KeyError::Invalid(Algorithm::ES256));
    assert_eq!(invalid(Algorithm::RS256, &P256.public), KeyError::Invalid(Algorithm::RS256));
    assert_eq!(invalid(Algorithm::EdDSA, &P256.public), KeyError::Invalid(Algorithm::EdDSA));
    assert_eq!(invalid(Algorithm::HS256, &RSA.public), KeyError::Confused(Algorithm::HS256));
    assert_eq!(invalid(Algorithm::RS256, "sesame"), KeyError::NotPem);
    assert_eq!(invalid(Algorithm::RS256, ""), KeyError::NotPem);
    assert_eq!(Key::secret(Algorithm::RS256, rsa).expect_err("public"), KeyError::Confused(Algorithm::RS256));
    let short = Key::secret(Algorithm::HS512, &SECRET[..63]).expect_err("short");
    assert_eq!(short, KeyError::Short(Algorithm::HS512, 64));
    let shown = format!("{:?}", Key::secret(Algorithm::HS256, SECRET).expect("a secret"));
    assert!(!shown.contains("secret of"), "{shown}");
}

#[test]
fn tokens_hold_for_a_time() {
    let tokens = shared();
    for good in [
        json!({"exp": now() + 5}),
        // The clocks differ.
        json!({"exp": now() - 5}),
        json!({"nbf": now() + 5}),
        json!({"nbf": now() - 600, "iat": now() + 600}),
    ] {
        assert!(joe(&tokens, good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!({"exp": now() - 60}),
        json!({"exp": 0}),
        json!({"exp": null}),
        json!({"exp": "tomorrow"}),
        json!({"exp": -1}),
        json!({"nbf": now() + 60}),
        json!({"nbf": "tomorrow"}),
    ] {
        assert!(joe(&tokens, bad.clone()).is_err(), "{bad}");
    }
    let strict = Tokens { leeway: Duration::ZERO, ..shared() };
    assert!(joe(&strict, json!({"exp": now() - 5})).is_err());
}

#[test]
fn issuer_and_audience_have_to_be_there_where_they_are_asked_for() {
    let asked = Tokens { issuers: vec!["a".into(), "b".into()], audience: vec!["me".into()], ..shared() };
    for good in [json!({"iss": "a", "aud": "me"}), json!({"iss": "b", "aud": ["you", "me"]})] {
        assert!(joe(&asked, good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!({}),
        json!({"iss": "a"}),
        json!({"aud": "me"}),
        json!({"iss": "c", "aud": "me"}),
        json!({"iss": "a", "aud": "you"}),
        json!({"iss": "a", "aud": []}),
        json!({"iss": 1, "aud": "me"}),
        json!({"iss": "a", "aud": null}),
    ] {
        assert!(joe(&asked, bad.clone()).is_err(), "{bad}");
    }
    assert!(joe(&shared(), json!({"iss": "anybody"})).is_ok());
    assert!(joe(&shared(), json!({"aud": "somebody else"})).is_err(), "it is not for this router");
}

#[test]
fn a_token_is_tried_with_the_key_that_it_names() {
    let other = b"another secret of at least 32 octets";
    let key = |secret: &[u8]| Key::secret(Algorithm::HS256, secret).expect("a secret");
    let named = tokens([key(SECRET).named("new"), key(other).named("old")]);
    let show = |tokens: &Tokens, kid: Option<&str>, secret: &[u8]| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::HS256) };
        verified(tokens, &hmac(&header, &claims(json!({})), secret))
    };
    assert!(show(&named, Some("new"), SECRET).is_ok());
    assert!(show(&named, Some("old"), other).is_ok());
    assert!(show(&named, Some("old"), SECRET).is_err());
    assert_eq!(show(&named, Some("unknown"), SECRET), Err(BadToken::NoKey));
    assert!(show(&named, None, other).is_ok(), "a token that names none is tried with all");
    assert!(show(&shared(), Some("whatever"), SECRET).is_ok(), "a key without a name is tried for all");
}

#[test]
fn a_header_that_has_to_be_understood_is_not() {
    let header = Header { crit: Some(vec!["exp".into()]), ..Header::new(Algorithm::HS256) };
    assert_eq!(verified(&shared(), &hmac(&header, &claims(json!({})), SECRET)), Err(BadToken::Critical));
}

#[test]
fn long_tokens_are_not_looked_at() {
    let filler = "x".repeat(crate::MAX_TOKEN);
    assert_eq!(joe(&shared(), json!({"filler": filler})), Err(BadToken::TooLong(crate::MAX_TOKEN)));
}

fn request(authid: Option<&str>, authrole: Option<&str>) -> AuthRequest {
    AuthRequest {
        realm: "realm1".to_owned(),
        authid: authid.map(str::to_owned),
        authrole: authrole.map(str::to_owned),
        authextra: Dict::new(),
        session: 1,
        transport: Arc::new(TransportInfo::default()),
    }
}

/// `authid role`, if the claims will do.
fn who(mapping: &Mapping, claims: Value, request: &AuthRequest) -> Option<String> {
    let identity = mapping.identity(&crate::claims::Claims(claims), request).ok()?;
    assert_eq!(identity.authprovider, "jwt");
    Some(format!("{} {}", identity.authid, identity.authrole))
}

#[test]
fn claims_say_who_it_is() {
    let mapping = Mapping::to_role("user");
    let anybody = request(None, None);
    assert_eq!(who(&mapping, json!({"sub": "joe"}), &anybody).as_deref(), Some("joe user"));
    assert_eq!(
        who(&mapping, json!({"sub": "joe"}), &request(Some("joe"), None)).as_deref(),
        Some("joe user")
    );
    assert_eq!(who(&mapping, json!({"sub": "joe"}), &request(Some("ann"), None)), None);
    for nobody in [json!({}), json!({"sub": ""}), json!({"sub": 17}), json!({"sub": ["joe"]})] {
        assert_eq!(who(&mapping, nobody.clone(), &anybody), None, "{nobody}");
    }
    let deeper = Mapping { authid: "/user/name".into(), ..mapping };
    assert_eq!(who(&deeper, json!({"user": {"name": "joe"}}), &anybody).as_deref(), Some("joe user"));
}

#[test]
fn claims_give_roles() {
    let by_claim = Mapping::by_claim("roles");
    let roles = |roles: Value| json!({"sub": "joe", "roles": roles});
    let of = |mapping: &Mapping, claims: Value, asked| who(mapping, claims, &request(None, asked));
    assert_eq!(of(&by_claim, roles(json!("a")), None).as_deref(), Some("joe a"));
    assert_eq!(of(&by_claim, roles(json!(["a", "b"])), None).as_deref(), Some("joe a"));
    assert_eq!(of(&by_claim, roles(json!(["a", "b"])), Some("b")).as_deref(), Some("joe b"));
    // The router tells whoever asks for another one that there is none.
    assert_eq!(of(&by_claim, roles(json!(["a", "b"])), Some("c")).as_deref(), Some("joe a"));
    for none in [json!([]), json!(""), json!(17), json!([17, {}]), json!(null)] {
        assert_eq!(of(&by_claim, roles(none.clone()), None), None, "{none}");
    }
    let names = vec![("boss".into(), "admin".into()), ("staff".into(), "user".into())];
    let named = Mapping { names, role: Some("guest".into()), ..by_claim };
    assert_eq!(of(&named, roles(json!(["staff", "boss"])), None).as_deref(), Some("joe admin"));
    assert_eq!(of(&named, roles(json!(["staff", "boss"])), Some("user")).as_deref(), Some("joe user"));
    assert_eq!(
        of(&named, roles(json!("admin")), None).as_deref(),
        Some("joe guest"),
        "not what they call it"
    );
}

#[test]
fn claims_open_realms() {
    let mapping = Mapping { realms: Some("realms".into()), ..Mapping::to_role("user") };
    let anybody = request(None, None);
    for good in [json!("realm1"), json!(["realm2", "realm1"])] {
        assert!(who(&mapping, json!({"sub": "joe", "realms": good}), &anybody).is_some());
    }
    for bad in [json!("realm2"), json!([]), json!("realm"), json!(null), json!({"realm1": true})] {
        assert!(who(&mapping, json!({"sub": "joe", "realms": bad}), &anybody).is_none());
    }
    assert!(who(&mapping, json!({"sub": "joe"}), &anybody).is_none());
}

/// A member of a JWK set for a secret.
fn jwk(id: &str, secret: &[u8]) -> Value {
    json!({"kty": "oct", "alg": "HS256", "kid": id, "k": URL_SAFE_NO_PAD.encode(secret)})
}

fn set(keys: Value) -> Result<usize, String> {
    let text = json!({"keys": keys}).to_string();
    crate::keys::read(&text).map(|keys| keys.len()).map_err(|error| error.to_string())
}

#[test]
fn a_set_has_keys_for_signatures() {
    let good = jwk("a", SECRET);
    let with = |key: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[key] = value;
        jwk
    };
    assert_eq!(set(json!([good, with("use", json!("sig")), with("key_ops", json!(["verify"]))])), Ok(3));
    // What is for something else, or unknown, is left out.
    let others = [
        with("use", json!("enc")),
        with("key_ops", json!(["sign"])),
        with("alg", json!("RSA-OAEP")),
        with("alg", json!("unheard of")),
        with("kty", json!("unheard of")),
    ];
    for other in others {
        assert_eq!(set(json!([good, other])), Ok(1), "{other}");
        assert!(set(json!([other])).is_err(), "{other}");
    }
    // What is wrong is told, without a word of what it is.
    for bad in [
        with("alg", json!("RS256")),
        with("k", json!("c2hvcnQ")),
        json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
        json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xc1; 128]), "e": "AQAB"}),
    ] {
        let told = set(json!([good, bad])).expect_err("a mistake");
        assert!(told.starts_with("key 2 of the set: "), "{told}");
    }
    assert!(crate::keys::read("{\"keys\": [").is_err());
    assert!(set(json!([])).is_err());
    let many: Vec<Value> = (0..101).map(|number| jwk(&number.to_string(), SECRET)).collect();
    assert!(set(json!(many)).expect_err("too many").contains("more than 100"));
}

#[test]
fn public_keys_of_a_set_verify() {
    for (pair, kind) in [(&*P256, "P-256"), (&*P384, "P-384"), (&*ED, "Ed25519")] {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pair.public.as_bytes()).expect("PEM");
        // The coordinates come last.
        let (xy, x) = match kind {
            "P-256" => (64, 32),
            "P-384" => (96, 48),
            _ => (32, 32),
        };
        let (x, y) = der[der.len() - xy..].split_at(x);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let jwk = match kind {
            "Ed25519" => json!({"kty": "OKP", "crv": kind, "x": x}),
            _ => json!({"kty": "EC", "crv": kind, "x": x, "y": y}),
        };
        let keys = crate::keys::read(&json!({"keys": [jwk]}).to_string()).expect("a set");
        assert!(verified(&tokens(keys), &pair.sign(pair.algorithm, &claims(json!({})))).is_ok(), "{kind}");
    }
}

#[test]
fn a_set_that_changes_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    let write = |keys: Value| std::fs::write(&path, json!({"keys": keys}).to_string()).expect("room");
    let other = b"another secret of at least 32 octets";
    write(json!([jwk("a", SECRET)]));
    let file = FileOptions { interval: Duration::ZERO, ..FileOptions::new(&path) };
    let tokens = Tokens::new(Keys::new().jwks(file).expect("a set"), Mapping::to_role("user"));
    let show = |kid: &str, secret: &[u8]| {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        verified(&tokens, &hmac(&header, &claims(json!({})), secret))
    };
    assert!(show("a", SECRET).is_ok());
    assert_eq!(show("b", other), Err(BadToken::NoKey));
    // Both for a while, then the new one alone.
    write(json!([jwk("a", SECRET), jwk("b", other)]));
    assert!(show("a", SECRET).is_ok() && show("b", other).is_ok());
    write(json!([jwk("b", other)]));
    assert_eq!(show("a", SECRET), Err(BadToken::NoKey));
    assert!(show("b", other).is_ok());
    std::fs::write(&path, "{").expect("room");
    assert!(show("b", other).is_ok(), "a broken set changes nothing");
}

proptest! {
    #[test]
    fn what_is_no_token_is_refused(text in "\\PC*", parts in "[A-Za-z0-9_-]{0,60}(\\.[A-Za-z0-9_-]{0,60}){0,4}") {
        prop_assert!(verified(&shared(), &text).is_err());
        prop_assert!(verified(&shared(), &parts).is_err());
    }

    #[test]
    fn whatever_a_header_says_it_is_judged(header in "\\PC{0,40}", key in "[a-z5]{1,8}", value in "\\PC{0,20}") {
        let token = |header: &str| {
            let body = URL_SAFE_NO_PAD.encode(claims(json!({})).to_string());
            format!("{}.{body}.AAAA", URL_SAFE_NO_PAD.encode(header))
        };
        prop_assert!(verified(&shared(), &token(&header)).is_err());
        let known = json!({"alg": "HS256", key: value}).to_string();
        prop_assert!(verified(&shared(), &token(&known)).is_err());
    }

    #[test]
    fn every_character_counts(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        static TOKEN: LazyLock<String> =
            LazyLock::new(|| hmac(&Header::new(Algorithm::HS256), &claims(json!({})), SECRET));
        let at = at.index(TOKEN.len());
        let mut other = TOKEN.clone();
        other.replace_range(at..=at, &to);
        prop_assert_eq!(verified(&shared(), &other).is_ok(), other == *TOKEN);
    }
}
