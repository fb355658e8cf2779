//! What must not be shown when a mistake is.

use super::{Node, Span, Value};

/// The keys whose values are secrets, wherever they stand.
const KEYS: [&str; 8] =
    ["ticket", "bearer", "secret", "hash", "derived_key", "stored_key", "server_key", "router_key"];

/// Whether a key of this name holds a secret.
pub(crate) fn is_secret(key: &str) -> bool {
    KEYS.contains(&key)
}

/// Where the secrets stand: the values of all keys that hold one. They are never shown in a report.
pub(crate) fn secrets(node: &Node, found: &mut Vec<Span>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| secrets(item, found)),
        Value::Table(entries) => {
            for entry in entries {
                // Whatever it is, also where it ought to be text.
                match is_secret(&entry.key) {
                    true => found.push(entry.value.span),
                    false => secrets(&entry.value, found),
                }
            }
        }
        _ => {}
    }
}

pub(super) fn blot(text: &str, start: usize, end: usize) -> String {
    let stars =
        |part: &str| part.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect::<String>();
    match (text.get(..start), text.get(start..end), text.get(end..)) {
        (Some(before), Some(secret), Some(after)) => format!("{before}{}{after}", stars(secret)),
        _ => stars(text),
    }
}

pub(super) fn blot_by_name(text: &str) -> String {
    let blotted = |line: &str| {
        let lower = line.to_ascii_lowercase();
        let behind = |key: &&str| Some(lower.find(key)? + key.len());
        match KEYS.iter().filter_map(behind).min() {
            Some(behind) => blot(line, behind, line.trim_end().len()),
            None => line.to_string(),
        }
    };
    text.split_inclusive('\n').map(blotted).collect()
}
