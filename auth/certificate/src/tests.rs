//! Rules against certificates made for the purpose.

use std::sync::Arc;

use crossway_core::Dict;
use crossway_core::auth::Response;
use crossway_core::transport::{Evidence, TransportInfo};
use crossway_users::{User, Users};
use rcgen::{CertificateParams, DnType, KeyPair, SanType};

use super::*;

/// A certificate for somebody with all kinds of names.
fn certificate(common_names: &[&str]) -> Vec<u8> {
    let mut params = CertificateParams::new(vec!["Device.example".to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for name in common_names {
        params.distinguished_name.push(DnType::CommonName, *name);
    }
    params.subject_alt_names.push(SanType::Rfc822Name("joe@example.com".try_into().unwrap()));
    params.subject_alt_names.push(SanType::URI("urn:device:7".try_into().unwrap()));
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

struct Silent;

#[async_trait]
impl Challenger for Silent {
    async fn challenge(&mut self, _: Dict) -> Result<Response, AuthError> {
        panic!("a certificate needs no challenge")
    }
}

async fn join(rules: &[Rule], shown: Option<&Vec<u8>>, authid: Option<&str>) -> Result<Identity, AuthError> {
    let certificate = rules.iter().cloned().fold(Certificate::new(), Certificate::rule);
    certificate.authenticate(&request(shown, authid), &mut Silent).await
}

fn request(shown: Option<&Vec<u8>>, authid: Option<&str>) -> AuthRequest {
    let evidence = Evidence { certificates: shown.into_iter().cloned().collect(), ..Evidence::default() };
    AuthRequest {
        realm: "realm1".to_owned(),
        authid: authid.map(str::to_owned),
        authrole: None,
        authextra: Dict::new(),
        session: 1,
        transport: Arc::new(TransportInfo { auth: Some(Box::new(evidence)), ..TransportInfo::default() }),
    }
}

fn rule(property: Property, authid: Option<&str>) -> Rule {
    Rule { property, authid: authid.map(str::to_owned), role: "device".to_owned() }
}

#[tokio::test]
async fn a_certificate_is_known_by_what_it_says() {
    let shown = certificate(&["joe"]);
    let fingerprint = Fingerprint::of(&shown);
    let text = fingerprint.to_string();
    for (property, name) in [
        (Property::Fingerprint(fingerprint), text.as_str()),
        (Property::CommonName("joe".into()), "joe"),
        (Property::Dns("device.EXAMPLE".into()), "device.EXAMPLE"),
        (Property::Email("joe@example.com".into()), "joe@example.com"),
        (Property::Uri("urn:device:7".into()), "urn:device:7"),
        (Property::Any, "joe"),
    ] {
        let found = join(&[rule(property.clone(), None)], Some(&shown), None).await.unwrap();
        assert_eq!(found, Identity::new(name, "device", "static"));
        let named = join(&[rule(property, Some("ada"))], Some(&shown), None).await.unwrap();
        assert_eq!(named.authid, "ada");
    }
}

#[tokio::test]
async fn one_that_fits_no_rule_lets_nobody_in() {
    let shown = certificate(&["joe"]);
    for property in [
        Property::Fingerprint(Fingerprint::of(b"another")),
        Property::CommonName("Joe".into()),
        Property::CommonName("jo".into()),
        Property::Dns("example".into()),
        Property::Dns("joe@example.com".into()),
        Property::Email("device.example".into()),
        Property::Uri("urn:device:70".into()),
    ] {
        let denied = join(&[rule(property.clone(), None)], Some(&shown), None).await;
        assert_eq!(denied, Err(AuthError::denied()), "{property:?}");
    }
    assert_eq!(join(&[], Some(&shown), None).await, Err(AuthError::denied()));
    assert_eq!(
        join(&[rule(Property::Any, None)], Some(&b"garbage".to_vec()), None).await,
        Err(AuthError::denied())
    );
}

#[tokio::test]
async fn who_says_who_it_is_has_to_be_it() {
    let shown = certificate(&["joe"]);
    let rules = [rule(Property::CommonName("joe".into()), None), rule(Property::Any, Some("backup"))];
    assert_eq!(join(&rules, Some(&shown), None).await.unwrap().authid, "joe");
    assert_eq!(join(&rules, Some(&shown), Some("joe")).await.unwrap().authid, "joe");
    assert_eq!(join(&rules, Some(&shown), Some("ada")).await, Err(AuthError::denied()));
}

#[tokio::test]
async fn nobody_chooses_the_rule_by_an_authid() {
    let shown = certificate(&["joe"]);
    let joe = rule(Property::CommonName("joe".into()), None);
    let backup = rule(Property::Any, Some("backup"));
    let rules = [joe.clone(), backup.clone()];
    assert_eq!(join(&rules, Some(&shown), Some("backup")).await, Err(AuthError::denied()));
    let rules = [backup, joe.clone()];
    assert_eq!(join(&rules, Some(&shown), Some("joe")).await, Err(AuthError::denied()));
    // Neither does one leave the rules for the users.
    let root = User::new("root", "admin").certificate(*Fingerprint::of(&shown).octets());
    let both = Certificate::new().rule(joe).users(Users::of([root]));
    let denied = both.authenticate(&request(Some(&shown), Some("root")), &mut Silent).await;
    assert_eq!(denied, Err(AuthError::denied()));
}

#[tokio::test]
async fn users_are_known_by_their_fingerprints_where_no_rule_fits() {
    let (joes, adas) = (certificate(&["joe"]), certificate(&["ada"]));
    let ada = User::new("ada", "admin").certificate(*Fingerprint::of(&adas).octets());
    let joe = rule(Property::CommonName("joe".into()), None);
    let certificate = Certificate::new().rule(joe).users(Users::of([ada]));
    for (shown, authid, expected) in [
        (&joes, None, Some("joe")),
        (&adas, None, Some("ada")),
        (&adas, Some("ada"), Some("ada")),
        (&adas, Some("joe"), None),
        (&self::certificate(&["ada"]), None, None),
    ] {
        let request = request(Some(shown), authid);
        let found = certificate.authenticate(&request, &mut Silent).await;
        assert_eq!(found.ok().map(|found| found.authid).as_deref(), expected);
    }
}

#[tokio::test]
async fn without_a_certificate_others_decide() {
    let answer = join(&[rule(Property::Any, None)], None, None).await;
    assert!(matches!(answer, Err(AuthError::NotApplicable(_))), "{answer:?}");
}

#[tokio::test]
async fn without_a_common_name_the_fingerprint_is_the_name() {
    let shown = certificate(&[]);
    let found = join(&[rule(Property::Any, None)], Some(&shown), None).await.unwrap();
    assert_eq!(found.authid, Fingerprint::of(&shown).to_string());
}

#[test]
fn fingerprints_are_written_with_and_without_colons() {
    let fingerprint = Fingerprint::of(b"");
    let plain = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(fingerprint.to_string(), plain);
    let pairs: Vec<&str> = (0..32).map(|at| &plain[at * 2..at * 2 + 2]).collect();
    for text in [plain.to_owned(), plain.to_uppercase(), pairs.join(":")] {
        assert_eq!(text.parse(), Ok(fingerprint));
    }
    for text in ["", "e3", &plain[1..], &plain.replace('e', "g"), &format!("{plain}00")] {
        assert_eq!(text.parse::<Fingerprint>(), Err(NoFingerprint));
    }
}
