//! An authenticator of your own: who solves a riddle may join.
//!
//! `cargo run -p crossway-examples --bin custom_authenticator`

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use crossway_client::{Login, Session, connect_in_process};
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity, Response};
use crossway_core::{Dict, RealmConfig, Router, Value};
use crossway_json::Json;

/// Asks what `a` times `b` is. Clients choose it with `authmethods: ["riddle"]`.
struct Riddle {
    a: u64,
    b: u64,
}

#[async_trait]
impl Authenticator for Riddle {
    fn method(&self) -> &str {
        "riddle"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let question = Dict::new().with("a", self.a).with("b", self.b);
        let answer = challenger.challenge(question).await?;
        if *answer.signature != (self.a * self.b).to_string() {
            return Err(AuthError::Denied("that is not the answer".to_owned()));
        }
        // A user behind a Unix socket or in this process gets more rights than one from afar.
        let role = if request.transport.local { "neighbour" } else { "guest" };
        Ok(Identity::new(request.authid.as_deref().unwrap_or("somebody"), role, "riddle"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Riddle { a: 6, b: 7 }));
    let router = Router::builder().realm(realm).build()?;
    let connect = || connect_in_process(&router, Arc::new(Json));

    let clever = Login::new("realm1").authid("ada").answer("riddle", multiply).join(connect()).await?;
    let who = |key| clever.details().get(key).and_then(Value::as_text).unwrap_or("?");
    println!("{} may join as {}", who("authid"), who("authrole"));

    let guess = |_: &Dict| Ok(Response { signature: "41".into(), extra: Dict::new() });
    match Login::new("realm1").answer("riddle", guess).join(connect()).await {
        Err(error) => println!("a guess: {error}"),
        Ok(session) => println!("{session:?} was lucky"),
    }
    match Session::join(connect(), "realm1").await {
        Err(error) => println!("no answer at all: {error}"),
        Ok(session) => println!("{session:?} was let in"),
    }
    Ok(())
}

/// The client's side.
fn multiply(question: &Dict) -> Result<Response, AuthError> {
    let number = |key| question.get(key).and_then(Value::as_uint);
    match (number("a"), number("b")) {
        (Some(a), Some(b)) => Ok(Response { signature: (a * b).to_string().into(), extra: Dict::new() }),
        _ => Err(AuthError::Failed("a riddle without numbers".to_owned())),
    }
}
