//! What a test expects: a value with holes.
//!
//! | in the pattern          | matches                                         |
//! |-------------------------|-------------------------------------------------|
//! | [`ID`]                  | an integer from 1 to 2^53                       |
//! | [`ANY`]                 | anything                                        |
//! | [`REST`], last in a list | any number of further items                    |
//! | [`MORE`] as a key       | any further entries                             |
//! | everything else         | its equal; an integer is not equal to a float   |

use serde_json::Value;

/// Matches an id.
pub const ID: &str = "<id>";
/// Matches anything.
pub const ANY: &str = "<any>";
/// As the last item of a list: further items may follow.
pub const REST: &str = "<rest>";
/// As a key: further entries may be there.
pub const MORE: &str = "<more>";

/// Whether `value` is what `pattern` describes.
pub fn matches(pattern: &Value, value: &Value) -> bool {
    match (pattern, value) {
        (Value::String(hole), _) if hole == ANY => true,
        (Value::String(hole), Value::Number(number)) if hole == ID => {
            number.as_u64().is_some_and(|id| (1..=1 << 53).contains(&id))
        }
        (Value::Array(pattern), Value::Array(items)) => match pattern.split_last() {
            Some((last, pattern)) if last == REST => {
                items.len() >= pattern.len() && pattern.iter().zip(items).all(|(p, item)| matches(p, item))
            }
            _ => items.len() == pattern.len() && pattern.iter().zip(items).all(|(p, item)| matches(p, item)),
        },
        (Value::Object(pattern), Value::Object(entries)) => {
            let named = pattern.iter().filter(|(key, _)| *key != MORE);
            let mut known = named.clone();
            (pattern.contains_key(MORE) || entries.len() == named.count())
                && known.all(|(key, p)| entries.get(key).is_some_and(|value| matches(p, value)))
        }
        (pattern, value) => pattern == value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn holes_match_what_they_say() {
        assert!(matches(&json!([33, 1, ID]), &json!([33, 1, 9_007_199_254_740_992_u64])));
        assert!(!matches(&json!([33, 1, ID]), &json!([33, 1, 0])));
        assert!(!matches(&json!([33, 1, ID]), &json!([33, 1, 7, {}])));
        assert!(matches(&json!([8, REST]), &json!([8, 1, 2])));
        assert!(matches(&json!({"a": ANY, MORE: 0}), &json!({"a": null, "b": 1})));
        assert!(!matches(&json!({"a": 1}), &json!({"a": 1, "b": 1})));
        assert!(!matches(&json!([1]), &json!([1.0])));
    }
}
