//! What HELLO says.

use super::Features;
use crate::error::Violation;
use crate::value::{Dict, Value};

/// What HELLO says, checked as far as it can be without knowing the realm.
pub(super) struct Greeting {
    pub(super) realm: String,
    pub(super) features: Features,
    pub(super) authmethods: Vec<String>,
    pub(super) authid: Option<String>,
    pub(super) authrole: Option<String>,
    pub(super) authextra: Dict,
}

impl Greeting {
    pub(super) fn read(realm: &str, details: &Dict) -> Result<Self, Violation> {
        Ok(Greeting {
            realm: realm.to_owned(),
            features: Features::from_hello(details)?,
            authmethods: match present(details, "authmethods") {
                None => vec!["anonymous".to_owned()],
                Some(Value::List(methods)) => texts(methods)?,
                Some(_) => {
                    return Err(Violation::new("HELLO.Details.authmethods has to be a list of strings"));
                }
            },
            authid: text(details, "authid")?,
            authrole: text(details, "authrole")?,
            authextra: match present(details, "authextra") {
                None => Dict::new(),
                Some(Value::Dict(extra)) => extra.clone(),
                Some(_) => return Err(Violation::new("HELLO.Details.authextra has to be a dictionary")),
            },
        })
    }
}

/// Clients send `null` for what they don't have.
fn present<'a>(details: &'a Dict, key: &str) -> Option<&'a Value> {
    details.get(key).filter(|value| **value != Value::Null)
}

fn text(details: &Dict, key: &str) -> Result<Option<String>, Violation> {
    match present(details, key) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Violation::new(format!("HELLO.Details.{key} has to be a string"))),
    }
}

fn texts(values: &[Value]) -> Result<Vec<String>, Violation> {
    let text = |value: &Value| value.as_text().map(str::to_owned);
    let texts: Option<Vec<String>> = values.iter().map(text).collect();
    texts.ok_or_else(|| Violation::new("HELLO.Details.authmethods has to be a list of strings"))
}
