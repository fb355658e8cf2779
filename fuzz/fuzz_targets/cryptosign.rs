//! Logging in with a key that one does not have: whatever is said in HELLO and answered to the challenge, nobody gets in.
#![no_main]

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Response};
use crossway_core::transport::{ChannelBinding, Evidence, TransportInfo};
use crossway_core::{Dict, Value};
use crossway_cryptosign::{Cryptosign, PrivateKey, PublicKey};
use crossway_users::{User, Users};
use libfuzzer_sys::fuzz_target;

static CRYPTOSIGN: LazyLock<Cryptosign> = LazyLock::new(|| {
    let [joe, router] = [(); 2].map(|()| PrivateKey::generate().expect("randomness"));
    Cryptosign::of(Users::of([User::new("joe", "user").key(*joe.public().octets())])).router_key(router)
});

static TRANSPORT: LazyLock<Arc<TransportInfo>> = LazyLock::new(|| {
    let channel = ChannelBinding { exporter: Some([7; 32]), server_end_point: None };
    let auth = Some(Box::new(Evidence { channel: Some(channel), ..Evidence::default() }));
    Arc::new(TransportInfo { auth, ..TransportInfo::default() })
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // Keys and key files are read by the same code wherever they come from.
    if let Ok(key) = PrivateKey::parse(&text) {
        assert_eq!(PrivateKey::parse(&key.reveal()).map(|key| key.public()), Ok(key.public()));
    }
    let mut lines = text.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let said = |text: String| if text.is_empty() { Value::Null } else { Value::from(text) };
    let pubkey = next();
    if let Ok(key) = PublicKey::parse(&pubkey) {
        assert_eq!(key.to_string(), pubkey.to_lowercase());
    }
    let request = AuthRequest {
        realm: "realm1".to_owned(),
        authid: None,
        authrole: None,
        authextra: Dict::new()
            .with("pubkey", said(pubkey))
            .with("challenge", said(next()))
            .with("channel_binding", said(next())),
        session: 1,
        transport: Arc::clone(&TRANSPORT),
    };
    let mut client = Client { signature: next(), message: next() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert!(runtime.block_on(CRYPTOSIGN.authenticate(&request, &mut client)).is_err());
});

/// Says what it was given, and behind it the challenge if it has nothing else to say.
struct Client {
    signature: String,
    message: String,
}

#[async_trait]
impl Challenger for Client {
    async fn challenge(&mut self, extra: Dict) -> Result<Response, AuthError> {
        let challenge = extra.get("challenge").and_then(Value::as_text).unwrap_or_default();
        let message = if self.message.is_empty() { challenge } else { &self.message };
        Ok(Response { signature: format!("{}{message}", self.signature).into(), extra: Dict::new() })
    }
}
