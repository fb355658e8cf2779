use super::{Dict, Value, ValueBuilder};
use crate::serializer::Visitor;

fn rebuilt(value: &Value) -> Value {
    let mut builder = ValueBuilder::new();
    value.walk(&mut builder).unwrap();
    builder.into_value().unwrap()
}

#[test]
fn what_a_builder_is_shown_comes_out_again() {
    let value = Value::List(vec![
        Value::Null,
        true.into(),
        Dict::new().with("b", 1u64).with("a", Dict::new().with("bytes", vec![1u8, 2])).into(),
        (-1).into(),
        Value::List(vec![1.5.into(), "text".into()]),
    ]);
    assert_eq!(rebuilt(&value), value);
}

#[test]
fn a_key_that_comes_twice_is_refused_however_many_there_are() {
    for entries in [1, 2, 31, 32, 33, 34, 100] {
        let mut builder = ValueBuilder::new();
        builder.begin_dict(None).unwrap();
        for number in 0..entries {
            builder.text(&format!("key {number}")).unwrap();
            builder.uint(number).unwrap();
        }
        for twice in [0, entries / 2, entries - 1] {
            assert!(builder.text(&format!("key {twice}")).is_err(), "{twice} of {entries}");
        }
    }
}

/// With a look through all entries per key this took a minute.
#[test]
fn a_hundred_thousand_keys_are_built_in_linear_time() {
    let dict: Dict = (0..100_000u64).map(|number| (number.to_string(), number)).collect();
    assert_eq!(dict.len(), 100_000);
    let Value::Dict(rebuilt) = rebuilt(&dict.clone().into()) else { panic!("no dictionary") };
    assert_eq!(rebuilt, dict);
}

#[test]
fn later_entries_replace_earlier_ones_in_place() {
    let entries = (0..100u64).chain([5, 50]).zip(0u64..).map(|(key, value)| (key.to_string(), value));
    let dict: Dict = entries.collect();
    assert_eq!(dict.len(), 100);
    assert_eq!(dict.get("50"), Some(&Value::Uint(101)));
    assert_eq!(dict.iter().nth(5), Some(("5", &Value::Uint(100))));
}

#[test]
fn keys_have_to_be_text_and_to_have_values() {
    let mut builder = ValueBuilder::new();
    builder.begin_dict(None).unwrap();
    assert!(builder.uint(1).is_err());
    builder.text("key").unwrap();
    assert!(builder.end_dict().is_err());
}
