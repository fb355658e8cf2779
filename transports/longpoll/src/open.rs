//! The body of `open`.

use crossway_framing::Subprotocol;
use serde::Deserialize;

use crate::LongPollOptions;

/// The longest body, in octets.
pub(crate) const LONGEST: usize = 8 * 1024;

#[derive(Deserialize)]
struct Request {
    protocols: Vec<String>,
}

/// The first protocol of the client's that we have; or a few words about what is wrong.
pub(crate) fn choose(body: &[u8], options: &LongPollOptions) -> Result<Subprotocol, String> {
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| format!("wanted: {{\"protocols\": [\"wamp.2.json\"]}}\n{error}\n"))?;
    let find = |name: &String| Subprotocol::find(&options.serializers, name);
    request.protocols.iter().find_map(find).ok_or_else(|| {
        let ours: Vec<_> = Subprotocol::all(&options.serializers).map(|ours| ours.to_string()).collect();
        format!("no common protocol\nprotocols may be: {}\n", ours.join(", "))
    })
}

/// The answer.
pub(crate) fn answer(subprotocol: &Subprotocol, id: &str) -> String {
    serde_json::json!({"protocol": subprotocol.to_string(), "transport": id}).to_string()
}

#[cfg(test)]
mod tests;
