//! Permissions by role and URI: what an operator says in a configuration, as an [`Authorizer`].
//!
//! Law: the most specific permission that says something of the action decides, and where none does it is denied.
//!
//! ```text
//!   permissions of a role                              CALL com.app.admin.stop      CALL com.app.admin.list
//!   com.app.admin.stop   exact     call: allow         ── allowed                        │
//!   com.app.admin.       prefix    call: deny                                       ── denied
//!   com.app.             prefix    call, publish: allow
//!   com..log             wildcard  subscribe: allow    PUBLISH com.app.admin.x: the rule before says nothing of it, so
//!   (nothing)                      denied              com.app. decides: allowed
//! ```
//!
//! More specific is what a call would prefer among registrations: the exact URI, then the longest prefix, then the wildcard
//! with the longest run of components. Of two permissions for the same URI and policy the first counts, and of one
//! that allows and denies the same action the denial.
//!
//! # Patterns
//! A pattern of a SUBSCRIBE or REGISTER is allowed only where everything that it could match is:
//!
//! ```text
//!   SUBSCRIBE com.app. prefix       com.         prefix    allow   covers it: the most specific of those decides
//!                                   com.app.x    exact     allow   no harm
//!                                   com.app.key  exact     deny    more specific, and met by the pattern: denied
//!                                   com..b       wildcard  deny    less specific than the one that covers: no harm
//! ```
//!
//! 1. The most specific permission that covers the pattern (matches whatever the pattern can match) has to allow it;
//! 2. and none that is more specific and meets the pattern (both match some URI) may deny it, or rule out its match policy:
//!    else the pattern is denied. What options those rule out besides is ruled out for the pattern as well.
//!
//! That is careful: several permissions that cover a pattern only together don't, and a denial counts even where still more
//! specific permissions allow all that it denies.
//!
//! # Cost
//! Permissions are compiled for each role and action ([`table`]): to decide takes time by the length of the URI, and by how
//! many *shapes* the wildcards of the role have, however many permissions there are. For a pattern it takes time by those
//! permissions besides that deny, or rule out options, below what everything that it matches begins with. `naive` is the
//! definition in code, which a test compares with.

#[cfg(test)]
mod naive;
mod table;
#[cfg(test)]
mod tests;

use hashbrown::HashMap;

use super::{Action, Actions, Answer, Authorizer, Decision, Grant, Request, Verdict};
use crate::message::Match;
use crate::pattern::Pattern;
use crate::uri;
use table::{Decides, Table};

/// What one role may do on some URIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// A URI, or a pattern of them. What is neither matches nothing.
    pub uri: String,
    /// How it is compared.
    pub policy: Match,
    /// What is allowed.
    pub allow: Actions,
    /// What is denied. Actions that are neither here nor there are left to less specific permissions.
    pub deny: Actions,
    /// The terms of what is allowed. [`Grant::explicit`] is not read: it is so where `uri` lies below `wamp.`.
    pub grant: Grant,
}

impl Permission {
    /// Says nothing yet.
    pub fn new(uri: impl Into<String>, policy: Match) -> Self {
        Permission {
            uri: uri.into(),
            policy,
            allow: Actions::NONE,
            deny: Actions::NONE,
            grant: Grant::default(),
        }
    }

    /// Allows these actions, and no others that were allowed before.
    #[must_use]
    pub fn allow(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        self.allow = actions.into_iter().collect();
        self
    }

    /// Denies these actions, and no others that were denied before.
    #[must_use]
    pub fn deny(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        self.deny = actions.into_iter().collect();
        self
    }

    /// On these terms.
    #[must_use]
    pub fn on_terms(mut self, grant: Grant) -> Self {
        self.grant = grant;
        self
    }

    /// Which URIs it is for.
    pub fn pattern(&self) -> Pattern<'_> {
        Pattern::new(self.policy, &self.uri)
    }

    /// Whether it decides about `action`.
    pub fn mentions(&self, action: Action) -> bool {
        self.allow.contains(action) || self.deny.contains(action)
    }

    /// What it decides about `action`, if it does.
    fn decide(&self, action: Action) -> Verdict {
        if self.deny.contains(action) || !self.allow.contains(action) {
            return Verdict::Denied;
        }
        Verdict::Allowed(Grant { explicit: uri::is_reserved(&self.uri), ..self.grant })
    }
}

/// The permissions of one role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// The authrole of sessions.
    pub name: String,
    /// What those may do, in the order in which an operator has written it.
    pub permissions: Vec<Permission>,
}

impl Role {
    /// May do nothing.
    pub fn new(name: impl Into<String>) -> Self {
        Role { name: name.into(), permissions: Vec::new() }
    }

    /// One more permission.
    #[must_use]
    pub fn permission(mut self, permission: Permission) -> Self {
        self.permissions.push(permission);
        self
    }
}

/// The permissions of all roles of a realm, ready to be asked. A role that is not in here may do nothing, not
/// even join.
#[derive(Debug, Default)]
pub struct Permissions {
    roles: HashMap<String, Compiled>,
}

/// A role, ready to be asked.
#[derive(Debug)]
struct Compiled {
    permissions: Vec<Permission>,
    /// By action.
    tables: [Table; Action::ALL.len()],
}

impl Compiled {
    fn new(permissions: Vec<Permission>) -> Self {
        let tables = Action::ALL.map(|action| Table::new(&permissions, action));
        Compiled { permissions, tables }
    }

    fn explain(&self, action: Action, asked: Pattern<'_>) -> Explanation<'_> {
        let (at, besides) = match self.tables[action as usize].decide(&self.permissions, action, asked) {
            Decides::Nothing => return Explanation { verdict: Verdict::Denied, permission: None },
            Decides::This(at, besides) => (at, Some(besides)),
            Decides::Exception(at) => (at, None),
        };
        let permission = &self.permissions[at];
        let verdict = besides.map_or(Verdict::Denied, |besides| permission.decide(action).without(besides));
        Explanation { verdict, permission: Some(permission) }
    }
}

/// A decision, and what made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The decision. Constraints of the grant are not applied to any options yet.
    pub verdict: Verdict,
    /// The permission that decided; `None`: none says anything of it, or there is no such role.
    pub permission: Option<&'a Permission>,
}

impl Permissions {
    /// Permissions of these roles. Of two with the same name the first counts.
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        let mut known = HashMap::new();
        for role in roles {
            known.entry(role.name).or_insert_with(|| Compiled::new(role.permissions));
        }
        Permissions { roles: known }
    }

    /// Whether there is such a role.
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.contains_key(name)
    }

    /// What a session with this role may do, and why. `policy` other than exact is for SUBSCRIBE and REGISTER.
    pub fn explain(&self, authrole: &str, action: Action, policy: Match, uri: &str) -> Explanation<'_> {
        match self.roles.get(authrole) {
            Some(role) => role.explain(action, Pattern::new(policy, uri)),
            None => Explanation { verdict: Verdict::Denied, permission: None },
        }
    }
}

impl Authorizer for Permissions {
    fn knows_role(&self, authrole: &str) -> bool {
        self.has_role(authrole)
    }

    fn authorize(&self, request: &Request<'_>) -> Answer {
        let Request { identity, uri, .. } = *request;
        let explanation = self.explain(&identity.authrole, request.action(), request.policy(), uri);
        Answer::Now(Decision { verdict: explanation.verdict, cache: true })
    }

    fn is_fixed(&self) -> bool {
        true
    }
}
