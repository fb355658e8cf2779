//! A serializer of your own: WAMP in YAML, with any format that serde knows in three functions.
//!
//! `cargo run -p crossway-examples --bin custom_serializer`

use std::error::Error;
use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_client::{Session, connect_in_process};
use crossway_core::serializer::bridge::{Bridged, SerdeFormat};
use crossway_core::serializer::{HeadItem, Run, Serializer};
use crossway_core::{Dict, RealmConfig, Router, Value};
use crossway_msgpack::MessagePack;

/// Negotiated as WebSocket subprotocol `wamp.2.yaml`.
#[derive(Clone, Debug)]
struct Yaml;

impl SerdeFormat for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    /// WebSocket may carry it in text messages.
    fn is_text(&self) -> bool {
        true
    }

    fn to_vec(&self, value: &Value) -> Result<Vec<u8>, String> {
        let text = serde_saphyr::to_string(value).map_err(|error| error.to_string())?;
        Ok(text.into_bytes())
    }

    fn from_slice(&self, bytes: &[u8]) -> Result<Value, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let yaml: Arc<dyn Serializer> = Arc::new(Bridged(Yaml));
    let mut message = Vec::new();
    let options = Dict::new().with("acknowledge", true);
    let head =
        [HeadItem::Uint(16), HeadItem::Uint(1), HeadItem::Dict(&options), HeadItem::Text("com.example")];
    yaml.encode(&head, Run::default(), &mut message);
    println!("PUBLISH looks like this:\n{}", String::from_utf8_lossy(&message).trim_end());

    // Neither serializer knows the other, and the router knows neither.
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let router = Router::builder().realm(realm).build()?;
    let writer = Session::join(connect_in_process(&router, yaml), "realm1").await?;
    let reader = Session::join(connect_in_process(&router, Arc::new(MessagePack)), "realm1").await?;

    let mut events = reader.subscribe("com.example.letters").await?;
    let list = vec![Value::from("yes"), Value::from(-1), Value::from(0.5), Value::Null];
    writer.publish("com.example.letters").arg(list).kwarg("from", "yaml").await?;
    if let Some(event) = events.next().await {
        println!("MessagePack reads: {:?} {:?}", event.args, event.kwargs);
    }

    let mut replies = writer.subscribe("com.example.replies").await?;
    reader.publish("com.example.replies").arg("grüße").kwarg("from", "msgpack").await?;
    if let Some(event) = replies.next().await {
        println!("YAML reads: {:?} {:?}", event.args, event.kwargs);
    }
    Ok(())
}
