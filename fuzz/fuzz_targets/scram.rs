//! Dialogues of SCRAM with a client that does not know the password: whatever it says, it stays outside.
#![no_main]

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Response};
use crossway_core::transport::{ChannelBinding, Evidence, TransportInfo};
use crossway_core::{Dict, Value};
use crossway_scram::Scram;
use crossway_users::{ScramDialect, ScramKdf, User, Users};
use libfuzzer_sys::fuzz_target;

static USERS: LazyLock<Users> = LazyLock::new(|| {
    let kdf = ScramKdf::Pbkdf2 { iterations: 4096 };
    let keys = |dialect| crossway_users::Scram::derive(dialect, kdf, "pencil").expect("a good password");
    let joe = User::new("joe", "user");
    let joe =
        [ScramDialect::Spec, ScramDialect::Autobahn].into_iter().fold(joe, |joe, d| joe.scram(d, keys(d)));
    Users::of([joe])
});

static TRANSPORT: LazyLock<Arc<TransportInfo>> = LazyLock::new(|| {
    let channel = ChannelBinding { exporter: Some([7; 32]), server_end_point: None };
    let auth = Some(Box::new(Evidence { channel: Some(channel), ..Evidence::default() }));
    Arc::new(TransportInfo { auth, ..TransportInfo::default() })
});

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let mut lines = text.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let dialect = if choice & 1 == 0 { ScramDialect::Spec } else { ScramDialect::Autobahn };
    let mut authextra = Dict::new().with("nonce", next());
    if choice & 2 != 0 {
        authextra.insert("channel_binding", if choice & 4 == 0 { "tls-exporter".to_owned() } else { next() });
    }
    let authid = if choice & 8 == 0 { "joe".to_owned() } else { next() };
    let request = AuthRequest {
        realm: "realm1".to_owned(),
        authid: Some(authid),
        authrole: None,
        authextra,
        session: 1,
        transport: Arc::clone(&TRANSPORT),
    };
    let mut client = Client { keeps_nonce: choice & 16 == 0, proof: next(), words: [next(), next(), next()] };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let scram = Scram::of(dialect, USERS.clone());
    assert!(runtime.block_on(scram.authenticate(&request, &mut client)).is_err());
});

/// Says what it was given.
struct Client {
    keeps_nonce: bool,
    proof: String,
    words: [String; 3],
}

#[async_trait]
impl Challenger for Client {
    async fn challenge(&mut self, extra: Dict) -> Result<Response, AuthError> {
        let [nonce, binding, data] = &self.words;
        let nonce = match extra.get("nonce") {
            Some(nonce) if self.keeps_nonce => nonce.clone(),
            _ => Value::from(nonce.as_str()),
        };
        let said = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
        let answer = Dict::new()
            .with("nonce", nonce)
            .with("channel_binding", said(binding))
            .with("cbind_data", said(data));
        Ok(Response { signature: self.proof.as_str().into(), extra: answer })
    }
}
