//! `[[realm.topic]]`, `[[realm.procedure]]` and `[[realm.history]]`: what is said of topics and procedures.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::time::Duration;

use crossway_core::history::HistoryRule;
use crossway_core::message::Match;
use crossway_core::policy::{ProcedureRule, Scope, TopicRule};
use crossway_core::uri::{self, UriRule};

use super::settings::{COUNT, bytes, number};
use crate::config::checked::{DISCLOSURES, MATCHES, Rules};
use crate::config::read::{Field, Table};

/// The integers that every client can tell apart.
const LEVELS: RangeInclusive<u64> = 0..=1 << 53;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a realm, or the template for realms, says of its topics and procedures.
pub(super) fn rules(table: &Table<'_>, rule: UriRule) -> Rules {
    let kept = RefCell::new(Vec::new());
    Rules {
        topics: all(table, "topic", |item| topic(item, rule)),
        procedures: all(table, "procedure", |item| procedure(item, rule)),
        histories: all(table, "history", |item| history(item, rule, &kept)),
    }
}

fn all<T>(table: &Table<'_>, key: &'static str, read: impl Fn(&Field<'_>) -> Option<T>) -> Vec<T> {
    table.get(key).and_then(|field| field.list(read)).unwrap_or_default()
}

fn topic(item: &Field<'_>, rule: UriRule) -> Option<TopicRule> {
    item.read(|table| {
        let scope = scope(table, rule, "topics");
        let (mut trustlevel, mut disclose, mut retain) = (None, None, None);
        table.set("trustlevel", &mut trustlevel, |field| field.count(LEVELS).map(Some));
        table.set("disclose", &mut disclose, |field| field.choice(&DISCLOSURES).map(Some));
        table.set("retain", &mut retain, |field| field.flag().map(Some));
        says_something(table, &["trustlevel", "disclose", "retain"]);
        Some(TopicRule { scope: scope?, trustlevel, disclose, retain })
    })?
}

fn procedure(item: &Field<'_>, rule: UriRule) -> Option<ProcedureRule> {
    item.read(|table| {
        let scope = scope(table, rule, "procedures");
        let (mut trustlevel, mut disclose) = (None, None);
        let (mut max_timeout, mut forward_timeout) = (None, None);
        table.set("trustlevel", &mut trustlevel, |field| field.count(LEVELS).map(Some));
        table.set("disclose", &mut disclose, |field| field.choice(&DISCLOSURES).map(Some));
        table.set("max_timeout", &mut max_timeout, |field| {
            field.duration(Duration::from_millis(1)..=365 * DAY).map(Some)
        });
        table.set("forward_timeout", &mut forward_timeout, |field| field.flag().map(Some));
        says_something(table, &["trustlevel", "disclose", "max_timeout", "forward_timeout"]);
        Some(ProcedureRule { scope: scope?, trustlevel, disclose, max_timeout, forward_timeout })
    })?
}

fn history(item: &Field<'_>, rule: UriRule, kept: &RefCell<Vec<(Match, String)>>) -> Option<HistoryRule> {
    item.read(|table| {
        let (policy, uri) = pattern(table, rule);
        let mut history = HistoryRule::new(uri.clone().unwrap_or_default(), policy);
        table.set("events", &mut history.events, number(1..=COUNT));
        table.set("bytes", &mut history.bytes, bytes);
        let name = (policy, uri?);
        if kept.borrow().contains(&name) {
            return item.wrong("keeps the same again", "second time", "one history is enough: leave one out");
        }
        kept.borrow_mut().push(name);
        Some(history)
    })?
}

/// Of which URIs a rule speaks, and of whom.
fn scope(table: &Table<'_>, rule: UriRule, what: &str) -> Option<Scope> {
    let (policy, uri) = pattern(table, rule);
    let mut authroles = None;
    table.set("roles", &mut authroles, |field| {
        if field.is_empty_list() {
            return field.wrong("is empty", "the rule is for nobody", "leave it out for everybody");
        }
        field.list(|role| role.text()).map(Some)
    });
    let uri = uri?;
    // Those of the router: of what it says itself, and of who asks it something, there is nothing to be ruled.
    if policy != Match::Wildcard && uri::is_reserved(&uri) {
        let field = table.get("uri")?;
        return field.wrong(
            format!("names {what} of the router"),
            "below `wamp.`",
            "allowed: rules for your own, such as `com.example.app`",
        );
    }
    Some(Scope { uri, policy, authroles })
}

/// `uri` and `match`. An empty URI is a prefix of all.
pub(super) fn pattern(table: &Table<'_>, rule: UriRule) -> (Match, Option<String>) {
    let policy = table.get("match").map_or(Some(Match::Exact), |field| field.choice(&MATCHES));
    let uri = table.require("uri", "uri = \"com.example.app\"").and_then(|field| {
        let (uri, policy) = (field.any_text()?, policy?);
        let help = match policy {
            Match::Exact => "allowed: a URI such as `com.example.app`",
            Match::Prefix => "allowed: what URIs begin with, such as `com.example.`; \"\" is for all",
            Match::Wildcard => "allowed: a URI, of which components may be empty, such as `com..app`",
        };
        match rule.check_pattern(policy, &uri) {
            Ok(()) => Some(uri),
            Err(error) => {
                field.wrong(format!("does not fit `match = \"{}\"`", policy.name()), &error.to_string(), help)
            }
        }
    });
    (policy.unwrap_or(Match::Exact), uri)
}

pub(super) fn says_something(table: &Table<'_>, keys: &[&'static str]) {
    // What it says may be what was misspelt.
    if keys.iter().all(|key| table.get(key).is_none()) && !table.has_unknown() {
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        let help = format!("say at least one of {}", keys.join(", "));
        table.note(format!("{} says nothing", table.name()), "here", help);
    }
}
