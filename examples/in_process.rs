//! Publish, subscribe and call inside one process, without a socket.
//!
//! `cargo run -p crossway-examples --bin in_process`

use std::error::Error;
use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_client::{CallError, Invocation, Reply, Session, connect_in_process};
use crossway_core::{RealmConfig, Router};
use crossway_msgpack::MessagePack;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let router = Router::builder().realm(realm).build()?;
    let join = || Session::join(connect_in_process(&router, Arc::new(MessagePack)), "realm1");
    let (alice, bob) = (join().await?, join().await?);

    // Events: everybody who has subscribed gets them, but for the publisher itself.
    let mut weather = bob.subscribe("com.example.weather").await?;
    alice.publish("com.example.weather").arg("rain").kwarg("degrees", 11).await?;
    if let Some(event) = weather.next().await {
        println!("bob hears of {:?}, {:?}", event.args, event.kwargs);
    }

    // Calls: one session has registered the procedure, every other may call it.
    bob.register("com.example.divide", divide).await?.keep();
    let result = alice.call("com.example.divide").args([17, 5]).await?;
    println!("17 / 5 = {:?}, {:?}", result.args, result.kwargs);

    // Errors travel with a URI for programs and arguments for people.
    match alice.call("com.example.divide").args([17, 0]).await {
        Err(error) => println!("17 / 0: {error}"),
        Ok(result) => println!("17 / 0 = {:?}?", result.args),
    }

    alice.leave().await?;
    bob.leave().await?;
    Ok(())
}

async fn divide(call: Invocation) -> Result<Reply, CallError> {
    match call.args.iter().map(|arg| arg.as_uint()).collect::<Vec<_>>()[..] {
        [Some(_), Some(0)] => Err(CallError::new("com.example.error.zero").arg("nobody can divide by zero")),
        [Some(a), Some(b)] => Ok(Reply::new().arg(a / b).kwarg("rest", a % b)),
        _ => Err(CallError::new("wamp.error.invalid_argument").arg("two numbers, please")),
    }
}
