//! Tokens: those that nobody has signed let nobody in, and whatever is in those that somebody has does no harm.
#![no_main]

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Response};
use crossway_core::transport::TransportInfo;
use crossway_jwt::{Algorithm, Key, Keys, Mapping, TokenOrTicket, Tokens};
use jsonwebtoken::{EncodingKey, crypto};
use libfuzzer_sys::fuzz_target;

const SECRET: &[u8] = b"what the issuer and the router know";

static TOKENS: LazyLock<TokenOrTicket> = LazyLock::new(|| {
    let keys = Keys::new().key(Key::secret(Algorithm::HS256, SECRET).expect("a secret"));
    let mapping =
        Mapping { authid: "/user/name".into(), realms: Some("realms".into()), ..Mapping::by_claim("roles") };
    TokenOrTicket::new(Arc::new(Tokens::new(keys, mapping)))
});

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let (header, claims) = text.split_once('\n').unwrap_or((r#"{"alg":"HS256"}"#, &text));
    let is_signed = choice & 1 != 0;
    let token = match choice & 3 {
        // Whatever it is.
        0 => text.to_string(),
        1 => signed(header, claims),
        // As it should be, but for the signature.
        2 => format!("{}.{}.{}", part(header), part(claims), part("0123456789abcdef0123456789abcdef")),
        _ => signed(r#"{"alg":"HS256"}"#, &text),
    };
    let request = AuthRequest {
        realm: "realm1".to_owned(),
        authid: None,
        authrole: None,
        authextra: Dict::new(),
        session: 1,
        transport: Arc::new(TransportInfo::default()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    match runtime.block_on(TOKENS.authenticate(&request, &mut Shows(token))) {
        Ok(identity) => assert!(is_signed && !identity.authid.is_empty() && !identity.authrole.is_empty()),
        Err(error) => assert_eq!(error, AuthError::denied()),
    }
});

fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_secret(SECRET);
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a signature");
    format!("{message}.{signature}")
}

/// Base64 for URLs.
fn part(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let octet = |at| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for at in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    out
}

/// Shows a token.
struct Shows(String);

#[async_trait]
impl Challenger for Shows {
    async fn challenge(&mut self, _: Dict) -> Result<Response, AuthError> {
        Ok(Response { signature: self.0.as_str().into(), extra: Dict::new() })
    }
}
