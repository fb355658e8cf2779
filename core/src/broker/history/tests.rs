//! Questions to a history in memory.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::history::{Audience, MemoryStore};
use crate::serializer::{DecodeError, HeadItem, Run, RunWriter, Scan, Serializer, Unrepresentable, Visitor};

/// The events of these tests have no payload, so there is nothing to be read.
#[derive(Debug)]
struct Nothing;

impl Serializer for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }
    fn scan(&self, _: &Bytes, _: usize) -> Result<Scan, DecodeError> {
        unreachable!("no frames here")
    }
    fn walk(&self, _: &[u8], _: usize, _: &mut dyn Visitor) -> Result<(), Unrepresentable> {
        Ok(())
    }
    fn writer<'a>(&self, _: &'a mut Vec<u8>) -> Box<dyn RunWriter + 'a> {
        unreachable!("nothing to write here")
    }
    fn encode(&self, _: &[HeadItem<'_>], _: Run<'_>, _: &mut Vec<u8>) {}
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Publication `number` was made `number` seconds after 1970 began, to `com.even` or `com.odd`.
fn event(number: u64) -> Arc<StoredEvent> {
    Arc::new(StoredEvent {
        publication: Id::new(number).expect("from 1 on"),
        time: at(number),
        topic: ["com.even", "com.odd"][number as usize % 2].to_owned(),
        details: Dict::new(),
        payload: Payload::none(),
        serializer: Arc::new(Nothing),
        audience: Audience::default(),
    })
}

/// A history that was told of publications 1 to `last`.
fn history(rule: &HistoryRule, last: u64) -> Arc<dyn EventLog> {
    let log = MemoryStore.open("realm1", rule);
    (1..=last).for_each(|number| log.append(event(number)));
    log
}

fn rule() -> HistoryRule {
    HistoryRule::new("com.", Match::Prefix)
}

/// The publications that an answer names.
fn ask(log: &dyn EventLog, kwargs: Dict) -> Vec<u64> {
    let query = HistoryQuery::from_kwargs(&kwargs).expect("good arguments");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let found = runtime.block_on(async {
        match query.positions(log).await? {
            Some(positions) => collect(log, positions, &query, |event| query.admits(event), usize::MAX).await,
            None => Ok(Some(Vec::new())),
        }
    });
    found
        .expect("memory can be read")
        .expect("nothing is too much")
        .iter()
        .map(|event| event.publication.get())
        .collect()
}

fn with(key: &str, value: impl Into<Value>) -> Dict {
    Dict::new().with(key, value)
}

// covers: PS-HIST-09
#[test]
fn events_come_in_the_order_of_their_arrival_or_the_other_way_round() {
    let log = history(&rule(), 1000);
    assert_eq!(ask(&*log, Dict::new()), (1..=1000).collect::<Vec<_>>());
    assert_eq!(ask(&*log, with("reverse", true)), (1..=1000).rev().collect::<Vec<_>>());
    assert_eq!(ask(&*log, with("limit", 3_u64)), [1, 2, 3]);
    assert_eq!(ask(&*log, with("limit", 3_u64).with("reverse", true)), [1000, 999, 998]);
}

// covers: PS-HIST-04
#[test]
fn times_bound_with_and_without_their_own_moment() {
    let log = history(&rule(), 600);
    let time = |seconds| rfc3339(at(seconds));
    assert_eq!(ask(&*log, with("from_time", time(599))), [599, 600]);
    assert_eq!(ask(&*log, with("after_time", time(599))), [600]);
    assert_eq!(ask(&*log, with("until_time", time(2))), [1, 2]);
    assert_eq!(ask(&*log, with("before_time", time(2))), [1]);
    assert_eq!(ask(&*log, with("from_time", "1970-01-01T02:05:00+02:00").with("limit", 1_u64)), [300]);
}

// covers: PS-HIST-05, PS-HIST-06, PS-HIST-07
#[test]
fn publications_bound_by_their_place_and_all_filters_hold_together() {
    let log = MemoryStore.open("realm1", &rule());
    for number in [30, 10, 20, 50, 40] {
        log.append(event(number));
    }
    assert_eq!(ask(&*log, with("from_publication", 20_u64)), [20, 50, 40]);
    assert_eq!(ask(&*log, with("after_publication", 20_u64)), [50, 40]);
    assert_eq!(ask(&*log, with("until_publication", 20_u64)), [30, 10, 20]);
    assert_eq!(ask(&*log, with("before_publication", 20_u64)), [30, 10]);
    let between = with("after_publication", 30_u64).with("until_publication", 50_u64);
    assert_eq!(ask(&*log, between.clone()), [10, 20, 50]);
    assert_eq!(
        ask(&*log, between.clone().with("from_time", rfc3339(at(20))).with("reverse", true)),
        [50, 20]
    );
    assert!(ask(&*log, between.with("topic", "com.odd")).is_empty());
    assert!(ask(&*log, with("from_publication", 40_u64).with("until_publication", 30_u64)).is_empty());
    assert!(
        ask(&*log, with("before_publication", 7_u64)).is_empty(),
        "unknown: nothing is known to be before it"
    );
}

// covers: PS-HIST-05
#[test]
fn topics_are_told_apart_within_a_pattern() {
    let log = history(&rule(), 1000);
    let odd: Vec<u64> = (1..=1000).filter(|number| number % 2 == 1).collect();
    assert_eq!(ask(&*log, with("topic", "com.odd")), odd);
    assert_eq!(ask(&*log, with("topic", "com.odd").with("limit", 300_u64)), odd[..300]);
    assert!(ask(&*log, with("topic", "com.none")).is_empty());
}

// covers: PS-HIST-06
#[test]
fn publications_are_found_however_many_there_are() {
    let rule = HistoryRule { events: 10_000, ..rule() };
    let log = history(&rule, 20_000);
    for (publication, behind) in
        [(1, 0), (10_000, 0), (10_001, 9_999), (15_000, 5_000), (19_999, 1), (20_000, 0)]
    {
        assert_eq!(ask(&*log, with("after_publication", publication as u64)).len(), behind, "{publication}");
    }
}

// covers: PS-HIST-17
#[test]
fn memory_keeps_the_latest_within_its_bounds() {
    let few = HistoryRule { events: 3, ..rule() };
    let log = history(&few, 10);
    assert_eq!(ask(&*log, Dict::new()), [8, 9, 10]);
    assert_eq!(ask(&*log, with("after_publication", 8_u64)), [9, 10]);
    assert!(ask(&*log, with("after_publication", 7_u64)).is_empty(), "7 is gone");
    let small = HistoryRule { bytes: event(1).size() * 5 / 2, ..rule() };
    assert_eq!(ask(&*history(&small, 10), Dict::new()).len(), 2);
    for nothing in [HistoryRule { events: 0, ..rule() }, HistoryRule { bytes: 10, ..rule() }] {
        assert!(ask(&*history(&nothing, 10), Dict::new()).is_empty());
    }
}

// covers: PS-HIST-03
#[test]
fn arguments_of_a_wrong_type_are_refused_by_name() {
    for (key, value) in [
        ("reverse", Value::from("yes")),
        ("limit", Value::from(0_u64)),
        ("limit", Value::from(-1_i64)),
        ("from_time", Value::from("yesterday")),
        ("until_time", Value::from(7_u64)),
        ("topic", Value::from(7_u64)),
        ("after_publication", Value::from("7")),
        ("before_publication", Value::from(0_u64)),
    ] {
        let refusal = HistoryQuery::from_kwargs(&with(key, value)).expect_err(key);
        assert_eq!(refusal.uri, uri::INVALID_ARGUMENT);
        assert!(refusal.message.contains(key), "{refusal}");
    }
    assert_eq!(
        HistoryQuery::from_kwargs(&with("unknown", 7_u64).with("limit", Value::Null)),
        Ok(HistoryQuery::default())
    );
}

// covers: PS-HIST-13
#[test]
fn users_and_roles_see_what_is_for_them() {
    let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let staff = Audience {
        eligible_authrole: list(&["staff"]),
        exclude_authid: list(&["bob"]),
        ..Audience::default()
    };
    assert!(staff.admits("alice", "staff"));
    assert!(!staff.admits("bob", "staff"));
    assert!(!staff.admits("alice", "guest"));
    let nobody = Audience { eligible_authid: list(&[]), ..Audience::default() };
    assert!(!nobody.admits("alice", "staff"));
    let not_guests = Audience { exclude_authrole: list(&["guest"]), ..Audience::default() };
    assert!(not_guests.admits("alice", "staff") && !not_guests.admits("alice", "guest"));
}

// covers: PS-HIST-08
#[test]
fn an_entry_names_its_topic_where_the_subscription_does_not() {
    let id = Id::new(7).expect("an id");
    let entry = |policy, uri| entry(&Subscription::new(id, policy, uri), &event(3)).expect("no payload");
    let expected = |details: Dict| {
        let entry = Dict::new().with("timestamp", "1970-01-01T00:00:03.000Z").with("subscription", 7_u64);
        Value::from(entry.with("publication", 3_u64).with("details", details))
    };
    assert_eq!(entry(Match::Exact, "com.odd"), expected(Dict::new()));
    assert_eq!(entry(Match::Prefix, "com."), expected(with("topic", "com.odd")));
}
