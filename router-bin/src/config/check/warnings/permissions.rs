//! Permissions that decide nothing, and roles that nobody has.
//!
//! A permission decides nothing about an action if one for the same URIs stands above it, or if without it the outcome
//! would be the same: what it covers is decided alike by one that is less specific, and nothing in between differs.
//!
//! ```text
//!   com.app.      prefix   allow call
//!   com.app.key   exact    deny call       decides: without it, it would be allowed
//!   com.app.log.  prefix   allow call      nothing: allowed anyway
//!   com.x         exact    deny call       nothing: denied anyway
//!   com.app..a    wildcard deny call       nothing: the prefix goes first
//! ```
//!
//! Prefixes go before wildcards. So a wildcard is never said to change nothing because of how things end where a prefix
//! decides otherwise: whoever wrote it wants something else there.

use std::collections::HashMap;

use crossway_core::authorization::{self, Action};
use crossway_core::message::Match;
use crossway_core::uri;

use crate::config::checked::{Auth, Permission, Place, Role, Terms};
use crate::config::diagnostics::{Mistake, Notes};

/// Wildcards of one role that are compared with each other. With more of them that would take too long at each start, so nothing is
/// said then of permissions that change nothing.
const MAX_WILDCARDS: usize = 1_000;

/// Looks through the roles of a realm.
pub(super) fn look_at(terms: &Terms, notes: &Notes) {
    for role in &terms.roles {
        let book = Book::new(role);
        for (at, permission) in role.permissions.iter().enumerate() {
            let shadowed = book.shadowed(at).or_else(|| book.behind_a_prefix(at));
            if shadowed.is_some() {
                shadowed.into_iter().for_each(|mistake| notes.add(mistake));
            } else if let Some(mistake) = book.idle(at).or_else(|| of_the_router(permission)) {
                notes.add(mistake);
            }
        }
    }
    nobody_has(terms, notes);
}

/// Roles that no way of logging in gives to anybody, if that can be known.
fn nobody_has(terms: &Terms, notes: &Notes) {
    let given: Option<Vec<Vec<&str>>> = terms.auth.iter().map(Auth::roles).collect();
    let Some(given) = given.map(|roles| roles.concat()) else { return };
    for Role { name, place: Place(span), .. } in &terms.roles {
        if !given.contains(&name.as_str()) {
            let mistake = Mistake::warning(format!("nobody has the role \"{name}\""))
                .at(*span, "no way of logging in gives it")
                .help("leave it out, or give it to somebody in `auth`");
            notes.add(mistake);
        }
    }
}

/// What the protocol keeps for the router can't be allowed.
fn of_the_router(permission: &Permission) -> Option<Mistake> {
    let rule = &permission.rule;
    let is_allowed = |action: &Action| rule.allow.contains(*action);
    let action = [Action::Register, Action::Publish].into_iter().find(is_allowed)?;
    if !uri::is_reserved(&rule.uri) {
        return None;
    }
    let (Place(span), action) = (permission.place, action.name());
    let mistake = Mistake::warning(format!("nobody can {action} below `wamp.`, whatever is allowed"))
        .at(span, "kept for the router")
        .help(format!("leave `{action}` out"));
    Some(mistake)
}

/// The permissions of a role, by what they are compared with.
struct Book<'a> {
    role: &'a Role,
    by_pattern: HashMap<(Match, &'a str), Vec<usize>>,
    prefixes: Vec<usize>,
    wildcards: Vec<usize>,
}

impl<'a> Book<'a> {
    fn new(role: &'a Role) -> Book<'a> {
        let mut by_pattern: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, permission) in role.permissions.iter().enumerate() {
            by_pattern.entry((permission.rule.policy, permission.rule.uri.as_str())).or_default().push(at);
        }
        let all = |policy| {
            let is_one = move |at: &usize| role.permissions[*at].rule.policy == policy;
            (0..role.permissions.len()).filter(is_one).collect()
        };
        Book { role, by_pattern, prefixes: all(Match::Prefix), wildcards: all(Match::Wildcard) }
    }

    fn rule(&self, at: usize) -> &'a authorization::Permission {
        &self.role.permissions[at].rule
    }

    /// What is decided by a permission above, for the same URIs.
    fn shadowed(&self, at: usize) -> Option<Mistake> {
        let rule = self.rule(at);
        let same = &self.by_pattern[&(rule.policy, rule.uri.as_str())];
        let first = |action: Action| same.iter().find(|other| self.rule(**other).mentions(action));
        let (action, above) =
            Action::ALL.into_iter().filter(|action| rule.mentions(*action)).find_map(|action| {
                first(action).filter(|above| **above < at).map(|above| (action.name(), *above))
            })?;
        let mistake = self.outdone((at, "the same URIs again"), action, (above, "this one decides"));
        Some(
            mistake
                .help("of permissions for the same URIs the first that says something of an action counts"),
        )
    }

    /// A wildcard all of whose URIs a prefix decides about.
    fn behind_a_prefix(&self, at: usize) -> Option<Mistake> {
        let rule = self.rule(at);
        if rule.policy != Match::Wildcard {
            return None;
        }
        let pattern = rule.pattern();
        let head = pattern.head();
        let prefixes =
            (0..=head.len()).filter_map(|length| self.by_pattern.get(&(Match::Prefix, head.get(..length)?)));
        let prefixes: Vec<usize> = prefixes.flatten().copied().collect();
        let (action, first) =
            Action::ALL.into_iter().filter(|action| rule.mentions(*action)).find_map(|action| {
                Some((action.name(), *prefixes.iter().find(|prefix| self.rule(**prefix).mentions(action))?))
            })?;
        let mistake = self.outdone((at, "never decides"), action, (first, "this prefix goes first"));
        Some(mistake.help(
            "prefixes go before wildcards, however long these are: leave it out, or use prefixes and exact URIs",
        ))
    }

    /// A permission that does not decide about an action, since another one does.
    fn outdone(&self, (at, what): (usize, &str), action: &str, (other, why): (usize, &str)) -> Mistake {
        let [Place(span), Place(first)] = [at, other].map(|at| self.role.permissions[at].place);
        let role = &self.role.name;
        Mistake::warning(format!("this permission of the role \"{role}\" does not decide about `{action}`"))
            .at(span, what)
            .at(first, why)
    }

    /// Whether a prefix decides otherwise about some URIs of a wildcard.
    fn differs_below_prefixes(&self, at: usize, action: Action) -> bool {
        let allows = |at: usize| self.rule(at).allow.contains(action) && !self.rule(at).deny.contains(action);
        let pattern = self.rule(at).pattern();
        self.rule(at).policy == Match::Wildcard
            && self.prefixes.iter().any(|prefix| {
                let rule = self.rule(*prefix);
                rule.mentions(action) && allows(*prefix) != allows(at) && rule.pattern().meets(pattern)
            })
    }

    /// A permission without which everything would be as it is.
    fn idle(&self, at: usize) -> Option<Mistake> {
        if self.wildcards.len() > MAX_WILDCARDS {
            return None;
        }
        let rule = self.rule(at);
        let mut by = Vec::new();
        for action in Action::ALL.into_iter().filter(|action| rule.mentions(*action)) {
            by.push(self.decided_anyway(at, action)?);
        }
        let anyway = if rule.allow.is_empty() { "denied" } else { "allowed" };
        let anyway =
            if !rule.allow.is_empty() && !rule.deny.is_empty() { "decided like this" } else { anyway };
        let message = format!("this permission of the role \"{}\" changes nothing", self.role.name);
        let Place(span) = self.role.permissions[at].place;
        let mistake = Mistake::warning(message).at(span, format!("{anyway} anyway"));
        let mistake = match by.into_iter().flatten().next() {
            Some(by) => mistake.at(self.role.permissions[by].place.0, "by this one"),
            None => mistake,
        };
        Some(mistake.help("leave it out"))
    }

    /// Whether the outcome is the same without the permission, and which one decides then, if one does.
    fn decided_anyway(&self, at: usize, action: Action) -> Option<Option<usize>> {
        let rule = self.rule(at);
        let less = self.less_specific(at, action);
        let allows =
            |other: usize| self.rule(other).allow.contains(action) && !self.rule(other).deny.contains(action);
        if self.differs_below_prefixes(at, action) {
            return None;
        }
        if !allows(at) && !less.iter().any(|other| allows(*other)) {
            return Some(None);
        }
        let alike = |other: usize| {
            let other_rule = self.rule(other);
            let terms = other_rule.grant == rule.grant
                && uri::is_reserved(&other_rule.uri) == uri::is_reserved(&rule.uri);
            allows(other) == allows(at) && (terms || !allows(at))
        };
        let pattern = |other: usize| self.rule(other).pattern();
        let covering =
            less.iter().copied().filter(|other| alike(*other) && pattern(*other).covers(rule.pattern()));
        let undisturbed = |by: &usize| {
            let differs = |other: &usize| !alike(*other) && pattern(*other).rank(pattern(*by)).is_ge();
            !less.iter().any(differs)
        };
        covering.into_iter().find(undisturbed).map(Some)
    }

    /// Those that say something of the action, are less specific, and match something that this one matches.
    fn less_specific(&self, at: usize, action: Action) -> Vec<usize> {
        let rule = self.rule(at);
        let pattern = rule.pattern();
        let longest = if rule.policy == Match::Prefix { rule.uri.len() } else { rule.uri.len() + 1 };
        // What a prefix begins with, a wildcard pattern does not rank below.
        let lengths = if rule.policy == Match::Wildcard { 0..0 } else { 0..longest };
        let heads = lengths.filter_map(|length| rule.uri.get(..length));
        let prefixes = heads.filter_map(|head| self.by_pattern.get(&(Match::Prefix, head)));
        let first = |same: &Vec<usize>| same.iter().copied().find(|other| self.rule(*other).mentions(action));
        let wildcards = self.wildcards.iter().copied().filter(|other| {
            let other = self.rule(*other);
            let same = &self.by_pattern[&(Match::Wildcard, other.uri.as_str())];
            let is_first = first(same).is_some_and(|first| std::ptr::eq(self.rule(first), other));
            is_first && other.pattern().meets(pattern) && other.pattern().rank(pattern).is_lt()
        });
        prefixes.filter_map(first).chain(wildcards).collect()
    }
}
