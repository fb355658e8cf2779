//! One dialogue: what was said so far, and the text about it that both sides sign.
//!
//! ```text
//!   AuthMessage = n=<authid>,r=<client nonce>                    what HELLO said
//!                ,r=<both nonces>,s=<salt>,i=<iterations>        what CHALLENGE said
//!                ,c=<base64 of the channel binding>,r=<both>     what AUTHENTICATE has to say
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossway_core::auth::{AuthError, AuthRequest};
use crossway_core::{Dict, Value};
use crossway_users::{Scram, ScramDialect};

use crate::binding::Binding;

/// A dialogue that has begun with HELLO.
#[derive(Debug)]
pub(crate) struct Exchange {
    dialect: ScramDialect,
    /// As it stands in the AuthMessage.
    name: String,
    client_nonce: String,
    /// The client's and the router's, one behind the other.
    nonce: String,
    binding: Option<Binding>,
}

/// The longest nonce of a client, as text.
const MAX_NONCE: usize = 256;

impl Exchange {
    /// Reads HELLO. Nothing here depends on whether there is such a user.
    pub(crate) fn begin(
        dialect: ScramDialect,
        request: &AuthRequest,
        sent: &str,
        authid: &str,
    ) -> Result<Exchange, AuthError> {
        let extra = &request.authextra;
        let client_nonce = extra.get("nonce").and_then(Value::as_text).filter(|nonce| is_nonce(nonce));
        let client_nonce = client_nonce.ok_or_else(|| {
            let method = dialect.method();
            AuthError::NotApplicable(format!("{method} needs a nonce in base64 in HELLO.Details.authextra"))
        })?;
        let (name, binding) = match dialect {
            ScramDialect::Spec => (escaped(sent), binding(request)?),
            ScramDialect::Autobahn => (authid.to_owned(), None),
        };
        Ok(Exchange {
            dialect,
            name,
            client_nonce: client_nonce.to_owned(),
            nonce: format!("{client_nonce}{}", crossway_users::nonce()),
            binding,
        })
    }

    /// What the client has to know about its keys.
    pub(crate) fn challenge(&self, keys: &Scram) -> Dict {
        let kdf = keys.kdf();
        let challenge = Dict::new()
            .with("nonce", self.nonce.as_str())
            .with("salt", keys.salt())
            .with("kdf", kdf.name(self.dialect))
            .with("iterations", u64::from(kdf.iterations()));
        match (kdf.memory(), self.dialect) {
            (Some(memory), _) => challenge.with("memory", u64::from(memory)),
            (None, ScramDialect::Spec) => challenge.with("memory", Value::Null),
            // Autobahn makes a number of whatever there is.
            (None, ScramDialect::Autobahn) => challenge,
        }
    }

    /// What both sides sign.
    pub(crate) fn auth_message(&self, keys: &Scram) -> String {
        let Exchange { name, client_nonce, nonce, .. } = self;
        let (salt, iterations, binding) = (keys.salt(), keys.kdf().iterations(), self.binding_input());
        format!("n={name},r={client_nonce},r={nonce},s={salt},i={iterations},c={binding},r={nonce}")
    }

    /// `biws` is `n,,`: no channel binding.
    fn binding_input(&self) -> String {
        match (&self.binding, self.dialect) {
            (_, ScramDialect::Autobahn) => String::new(),
            (None, ScramDialect::Spec) => STANDARD.encode("n,,"),
            (Some(Binding { name, data }), ScramDialect::Spec) => {
                STANDARD.encode([format!("p={name},,").as_bytes(), data].concat())
            }
        }
    }

    /// Whether AUTHENTICATE speaks of the same dialogue over the same connection. Autobahn says nothing about it, and
    /// need not: the proof is of the same text.
    pub(crate) fn is_continued_by(&self, extra: &Dict) -> bool {
        let said = |key: &str| extra.get(key).filter(|value| **value != Value::Null);
        let is = |key: &str, expected: Option<&str>| said(key).map(Value::as_text) == expected.map(Some);
        if self.dialect == ScramDialect::Autobahn && said("nonce").is_none() {
            return true;
        }
        let data = self.binding.as_ref().map(|binding| STANDARD.encode(&binding.data));
        is("nonce", Some(&self.nonce))
            && is("channel_binding", self.binding.as_ref().map(|binding| binding.name))
            && is("cbind_data", data.as_deref())
    }

    /// The proof of the router, for WELCOME.
    pub(crate) fn last_word(&self, verifier: &str) -> Dict {
        match self.dialect {
            ScramDialect::Spec => Dict::new().with("verifier", verifier),
            ScramDialect::Autobahn => Dict::new().with("scram_server_signature", verifier),
        }
    }
}

/// Base64 in its one canonical spelling: no comma, no control character gets into the AuthMessage.
fn is_nonce(text: &str) -> bool {
    (1..=MAX_NONCE).contains(&text.len()) && STANDARD.decode(text).is_ok()
}

fn binding(request: &AuthRequest) -> Result<Option<Binding>, AuthError> {
    let wanted = match request.authextra.get("channel_binding") {
        None | Some(Value::Null) => return Ok(None),
        Some(wanted) => wanted.as_text(),
    };
    match wanted.and_then(|name| Binding::find(name, &request.transport)) {
        Some(binding) => Ok(Some(binding)),
        None => Err(AuthError::Denied("this connection does not have that channel binding".to_owned())),
    }
}

/// As RFC 5802 writes names, where a comma ends one.
fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossway_core::transport::{ChannelBinding, Evidence, TransportInfo};
    use crossway_users::ScramKdf;
    use proptest::prelude::*;

    use super::*;

    fn request(authextra: Dict, auth: Option<Box<Evidence>>) -> AuthRequest {
        AuthRequest {
            realm: "realm1".into(),
            authid: Some("user".into()),
            authrole: None,
            authextra,
            session: 1,
            transport: Arc::new(TransportInfo { auth, ..TransportInfo::default() }),
        }
    }

    fn begin(authid: &str, authextra: Dict) -> Result<Exchange, AuthError> {
        Exchange::begin(ScramDialect::Spec, &request(authextra, None), authid, authid)
    }

    fn pencil() -> Scram {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        Scram::derive_from(ScramDialect::Spec, ScramKdf::Pbkdf2 { iterations: 4096 }, &salt, "pencil")
            .unwrap()
    }

    // covers: AUTH-SCRAM-05, AUTH-SCRAM-11, AUTH-SCRAM-12, AUTH-SCRAM-21, AUTH-SCRAM-22
    #[test]
    fn the_example_of_rfc_7677_is_signed_as_it_says() {
        let exchange = Exchange {
            dialect: ScramDialect::Spec,
            name: "user".into(),
            client_nonce: "rOprNGfwEbeRWgbNEkqO".into(),
            nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".into(),
            binding: None,
        };
        let message = exchange.auth_message(&pencil());
        assert!(message.contains(",c=biws,"), "{message}");
        let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let verifier = pencil().check(message.as_bytes(), proof);
        assert_eq!(verifier.as_deref(), Some("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert_eq!(pencil().check(message.as_bytes(), &proof[..40]), None, "truncated");
        assert_eq!(pencil().check(b"another message", proof), None);
    }

    // covers: AUTH-SCRAM-11
    #[test]
    fn names_are_escaped() {
        let nonce = Dict::new().with("nonce", "AAAA");
        let exchange = begin("a=b,c", nonce).unwrap();
        assert!(exchange.auth_message(&pencil()).starts_with("n=a=3Db=2Cc,r=AAAA,r=AAAA"));
    }

    #[test]
    fn a_nonce_is_canonical_base64() {
        for bad in ["", "A", "AAA", "AAAA\n", "AAB=", "A,A=", "====", &"A".repeat(260)] {
            let error = begin("user", Dict::new().with("nonce", bad)).unwrap_err();
            assert!(matches!(error, AuthError::NotApplicable(_)), "{bad}");
        }
    }

    #[test]
    fn the_binding_is_that_of_the_connection() {
        let channel =
            ChannelBinding { exporter: Some([7; 32]), server_end_point: Some([8; 48].as_slice().into()) };
        let evidence = || Some(Box::new(Evidence { channel: Some(channel.clone()), ..Evidence::default() }));
        let extra = |name: &str| Dict::new().with("nonce", "AAAA").with("channel_binding", name);
        for (name, data) in [("tls-exporter", &[7; 32][..]), ("tls-server-end-point", &[8; 48])] {
            let request = request(extra(name), evidence());
            let exchange = Exchange::begin(ScramDialect::Spec, &request, "user", "user").unwrap();
            let input = STANDARD.encode([format!("p={name},,").as_bytes(), data].concat());
            assert!(exchange.auth_message(&pencil()).contains(&format!(",c={input},")));
            let answer = |nonce: &str, name: &str, data: &[u8]| {
                Dict::new()
                    .with("nonce", nonce)
                    .with("channel_binding", name)
                    .with("cbind_data", STANDARD.encode(data))
            };
            assert!(exchange.is_continued_by(&answer(&exchange.nonce, name, data)));
            assert!(!exchange.is_continued_by(&answer("AAAA", name, data)), "another nonce");
            assert!(!exchange.is_continued_by(&answer(&exchange.nonce, "tls-unique", data)), "another type");
            assert!(
                !exchange.is_continued_by(&answer(&exchange.nonce, name, &data[1..])),
                "another connection"
            );
            assert!(!exchange.is_continued_by(&Dict::new().with("nonce", exchange.nonce.as_str())), "none");
        }
        let unknown = request(extra("tls-unique"), evidence());
        assert!(Exchange::begin(ScramDialect::Spec, &unknown, "user", "user").is_err());
        assert!(
            Exchange::begin(ScramDialect::Spec, &request(extra("tls-exporter"), None), "user", "user")
                .is_err()
        );
    }

    #[test]
    fn who_asked_for_no_binding_brings_none() {
        let nonce = Dict::new().with("nonce", "AAAA").with("channel_binding", Value::Null);
        let exchange = begin("user", nonce).unwrap();
        let answer = Dict::new().with("nonce", exchange.nonce.as_str());
        assert!(exchange.is_continued_by(&answer));
        assert!(exchange.is_continued_by(&answer.clone().with("cbind_data", Value::Null)));
        assert!(!exchange.is_continued_by(&answer.clone().with("cbind_data", "")));
        assert!(!exchange.is_continued_by(&answer.with("channel_binding", "tls-exporter")));
    }

    proptest! {
        #[test]
        fn nothing_that_a_client_says_gets_out_of_its_field(name in "\\PC{1,20}", nonce in "[A-Za-z0-9+/=,]{0,24}") {
            if let Ok(exchange) = begin(&name, Dict::new().with("nonce", nonce)) {
                let message = exchange.auth_message(&pencil());
                prop_assert_eq!(message.split(',').count(), 7, "{}", message);
            }
        }
    }
}
