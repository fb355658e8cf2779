//! Who may join, and what they may do, decided by procedures: on a realm of their own, in any language.
//!
//! `cargo run -p crossway-examples --bin dynamic_authenticator`

use std::error::Error;
use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_client::{CallError, Invocation, Login, Reply, Session, connect_in_process};
use crossway_core::caller::Caller;
use crossway_core::{Dict, RealmConfig, Router, Value};
use crossway_dynamic::{Dynamic, Procedure, ProcedureAuthorizer};
use crossway_json::Json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Whoever can register these procedures decides: keep everybody else out of their realm.
    let admin = RealmConfig::new("admin").authenticator(Arc::new(Anonymous::default()));
    let authenticator =
        Dynamic::new("ticket", Procedure::new(Caller::new("admin"), "com.example.authenticate"));
    let authorizer = ProcedureAuthorizer::new(Caller::new("admin"), "com.example.authorize");
    let realm =
        RealmConfig::new("realm1").authenticator(Arc::new(authenticator)).authorizer(Arc::new(authorizer));
    let router = Router::builder().realm(admin).realm(realm).build()?;
    let connect = || connect_in_process(&router, Arc::new(Json));

    let judge = Session::join(connect(), "admin").await?;
    judge.register("com.example.authenticate", authenticate).await?.keep();
    judge.register("com.example.authorize", authorize).await?.keep();

    let ada = Login::new("realm1").authid("ada").ticket("analytical engine").join(connect()).await?;
    let who = |key| ada.details().get(key).and_then(Value::as_text).unwrap_or("?");
    println!("{} is a {}", who("authid"), who("authrole"));
    match Login::new("realm1").authid("ada").ticket("difference engine").join(connect()).await {
        Err(error) => println!("a guess: {error}"),
        Ok(session) => println!("{session:?} was let in"),
    }
    ada.publish("com.example.notes").arg("G").acknowledge().await?;
    println!("ada may publish notes");
    match ada.subscribe("com.example.secrets").await {
        Err(error) => println!("ada and secrets: {error}"),
        Ok(_) => println!("ada may know secrets"),
    }
    Ok(())
}

/// `[realm, authid, details]` to a role, or a dictionary with one. An error, and null, are a no.
async fn authenticate(call: Invocation) -> Result<Reply, CallError> {
    let ticket = call.args.get(2).and_then(Value::as_dict).and_then(|details| details.get("ticket"));
    match (call.args.get(1).and_then(Value::as_text), ticket.and_then(Value::as_text)) {
        (Some("ada"), Some("analytical engine")) => Ok(Reply::new().arg("countess")),
        _ => Err(CallError::new("com.example.error.who_is_that")),
    }
}

/// `[session, uri, action, options]` to whether that is allowed; the answer may be remembered.
async fn authorize(call: Invocation) -> Result<Reply, CallError> {
    let is_allowed = call.args.get(1).and_then(Value::as_text) == Some("com.example.notes");
    Ok(Reply::new().arg(Dict::new().with("allow", is_allowed).with("cache", true)))
}
