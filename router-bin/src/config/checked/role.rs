//! Roles and what they may do, checked.

use std::fmt;
use std::time::Duration;

use crossway_core::authorization::{self as core, Action, Grant, Wish};
use crossway_core::message::{Invoke, Match};

use super::{Asked, DISCLOSURES, MATCHES, Place};

/// What can be allowed and denied.
pub(crate) const ACTIONS: [(&str, Action); 4] = [
    ("call", Action::Call),
    ("register", Action::Register),
    ("subscribe", Action::Subscribe),
    ("publish", Action::Publish),
];

/// How callees of a shared registration are chosen.
pub(crate) const INVOKES: [(&str, Invoke); 6] = [
    ("single", Invoke::Single),
    ("roundrobin", Invoke::RoundRobin),
    ("random", Invoke::Random),
    ("first", Invoke::First),
    ("last", Invoke::Last),
    ("least_pending", Invoke::LeastPending),
];

/// What can be forbidden, and the action that it is an option of.
pub(crate) const WISHES: [(&str, (Wish, Action)); 6] = [
    ("force_reregister", (Wish::ForceReregister, Action::Register)),
    ("get_retained", (Wish::GetRetained, Action::Subscribe)),
    ("retain", (Wish::Retain, Action::Publish)),
    ("exclude_me", (Wish::HearItself, Action::Publish)),
    ("receivers", (Wish::Receivers, Action::Publish)),
    ("acknowledge", (Wish::Acknowledge, Action::Publish)),
];

/// What sessions with a role may do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// In the order of the text; none where an authorizer decides.
    pub(crate) permissions: Vec<Permission>,
    /// A procedure that decides instead.
    pub(crate) authorizer: Option<Authorizer>,
}

/// A procedure that decides what sessions may do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Authorizer {
    pub(crate) asked: Asked,
    /// How long its decisions are remembered at most, of those that may be.
    pub(crate) remember: Duration,
}

/// One permission, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Permission {
    pub(crate) place: Place,
    pub(crate) rule: core::Permission,
}

impl Role {
    /// Where a procedure decides about everything that the role wants to do, what says so in a sentence.
    pub(crate) fn decided_by(&self) -> Option<String> {
        let asked = &self.authorizer.as_ref()?.asked;
        Some(format!("{} of {}, each time", asked.uri, asked.realm))
    }

    /// As core takes it.
    pub(crate) fn to_core(&self) -> core::Role {
        let permissions = self.permissions.iter().map(|permission| permission.rule.clone()).collect();
        core::Role { name: self.name.clone(), permissions }
    }
}

impl fmt::Display for Permission {
    /// Its keys as they could stand in a config file, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core::Permission { uri, policy, allow, deny, grant: Grant { disclose, constraints, .. } } =
            &self.rule;
        write!(f, "uri = {uri:?}")?;
        if *policy != Match::Exact {
            write!(f, ", match = \"{}\"", policy.name())?;
        }
        for (key, actions) in [("allow", allow), ("deny", deny)] {
            list(f, key, !actions.is_empty(), named(&ACTIONS, |action| actions.contains(*action)))?;
        }
        if let Some((name, _)) = DISCLOSURES.iter().find(|(_, which)| Some(*which) == *disclose) {
            write!(f, ", disclose = {name:?}")?;
        }
        let forbids = |wish| constraints.forbids(wish);
        let matches = named(&MATCHES, |policy| !forbids(Wish::Match(*policy)));
        list(f, "only_match", matches.len() < MATCHES.len(), matches)?;
        let invokes = named(&INVOKES, |invoke| !forbids(Wish::Invoke(*invoke)));
        list(f, "only_invoke", invokes.len() < INVOKES.len(), invokes)?;
        let forbidden = named(&WISHES, |(wish, _)| forbids(*wish));
        list(f, "forbid", !forbidden.is_empty(), forbidden)
    }
}

/// The names of those that are chosen.
fn named<T>(names: &[(&'static str, T)], is_chosen: impl Fn(&T) -> bool) -> Vec<&'static str> {
    names.iter().filter(|(_, value)| is_chosen(value)).map(|(name, _)| *name).collect()
}

fn list(f: &mut fmt::Formatter<'_>, key: &str, is_there: bool, names: Vec<&str>) -> fmt::Result {
    if is_there { write!(f, ", {key} = {names:?}") } else { Ok(()) }
}
