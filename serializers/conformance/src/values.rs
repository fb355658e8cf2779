//! Random values that every format can say.

use crossway_core::{Dict, Value};
use proptest::collection::vec;
use proptest::prelude::*;

/// A payload: nothing, args, or args and kwargs.
pub fn payload() -> impl Strategy<Value = Vec<Value>> {
    let args = || vec(value(), 0..4).prop_map(Value::List);
    prop_oneof![
        1 => Just(Vec::new()),
        3 => args().prop_map(|args| vec![args]),
        3 => (args(), dict(value())).prop_map(|(args, kwargs)| vec![args, kwargs]),
    ]
}

/// Any value of the data model, some levels deep.
pub fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 32, 8, |inside| {
        prop_oneof![vec(inside.clone(), 0..20).prop_map(Value::List), dict(inside)]
    })
}

fn dict(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    vec((text(), values), 0..18).prop_map(|entries| entries.into_iter().collect::<Dict>().into())
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        uint().prop_map(Value::from),
        uint().prop_map(|number| Value::from(number as i64)),
        // All but NaN, which is unequal to itself, and the infinities, which JSON lacks.
        (proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO)
            .prop_map(Value::from),
        text().prop_map(Value::from),
        prop_oneof![4 => vec(any::<u8>(), 0..20), 1 => vec(any::<u8>(), 250..260)].prop_map(Value::from),
    ]
}

/// Integers on both sides of every width.
fn uint() -> impl Strategy<Value = u64> {
    let edges =
        prop_oneof![(0u32..64).prop_map(|bits| 1u64 << bits), Just(u64::MAX), Just(1 << 53), Just(24)];
    prop_oneof![any::<u64>(), (edges, 0u64..3).prop_map(|(edge, off)| edge.wrapping_add(off).wrapping_sub(1)),]
}

/// Strings with all that needs an escape somewhere. None begins with U+0000: JSON may take that for binary.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        6 => proptest::char::range(' ', '~'),
        1 => proptest::char::range('\0', '\u{1f}'),
        1 => prop_oneof![Just('"'), Just('\\'), Just('\u{7f}'), Just('\u{ffff}'), Just('\u{10ffff}')],
        1 => any::<char>(),
    ];
    vec(character, 0..35).prop_map(|characters| characters.into_iter().skip_while(|c| *c == '\0').collect())
}
