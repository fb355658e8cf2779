//! `crossway explain`: what a role may do, and which permission says so.

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use crossway_core::MetaApi;
use crossway_core::authorization::{self as core, Action, Grant, Permissions, Verdict, Wish};
use crossway_core::message::Match;
use crossway_core::pattern::Pattern;
use crossway_core::uri;

use crate::cli::Explain;
use crate::config::{Loaded, Permission, Place, Role, Terms, suggest};
use crate::exit;

/// Says the decision and what made it; ends with 0 if it is allowed, with 1 if it is not, and with 2 if a procedure decides.
pub(crate) fn run(loaded: &Loaded, ask: &Explain) -> ExitCode {
    match Question::new(loaded, ask) {
        Ok(question) => {
            let (outcome, text) = question.answer(loaded);
            let code = exit::saying(&text);
            match outcome {
                Outcome::Allowed => code,
                Outcome::Denied => ExitCode::from(exit::FAILURE),
                Outcome::Unknown => ExitCode::from(exit::UNKNOWN),
            }
        }
        Err(why) => exit::with(exit::USAGE, &why),
    }
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Allowed,
    Denied,
    /// Nobody knows before a procedure is asked.
    Unknown,
}

/// A question that has an answer.
struct Question<'a> {
    realm: &'a str,
    role: &'a str,
    action: Action,
    policy: Match,
    uri: &'a str,
    roles: &'a [Role],
    meta: MetaApi,
}

impl<'a> Question<'a> {
    /// Which realm, and whether it has such a role; whether the URI is one.
    fn new(loaded: &'a Loaded, ask: &'a Explain) -> Result<Question<'a>, String> {
        let Explain { realm, role, action, uri, policy, .. } = ask;
        let terms = terms(loaded, realm)?;
        let names: Vec<&str> = terms.roles.iter().map(|role| role.name.as_str()).collect();
        if !names.is_empty() && !names.contains(&role.as_str()) {
            let help = suggest(role, &names, &names);
            return Err(format!("Realm {realm} has no role \"{role}\": nobody can have it. {help}"));
        }
        if *policy != Match::Exact && matches!(action, Action::Call | Action::Publish) {
            let action = action.name();
            return Err(format!(
                "There is no way to {action} a pattern; --match goes with register and subscribe."
            ));
        }
        let rule = loaded.config.protocol.uri;
        rule.check_pattern(*policy, uri)
            .map_err(|error| format!("\"{uri}\" is no URI for this: {error}."))?;
        Ok(Question {
            realm,
            role,
            action: *action,
            policy: *policy,
            uri,
            roles: &terms.roles,
            meta: terms.meta,
        })
    }

    /// What comes of it, and all that there is to say about that.
    fn answer(&self, loaded: &Loaded) -> (Outcome, String) {
        let Question { realm, role, .. } = self;
        let asked = self.roles.iter().find(|known| known.name == *role).and_then(Role::decided_by);
        if let Some(asked) = asked.filter(|_| self.never().is_none()) {
            let text = format!("unknown: in {realm}, whether {role} may {}\n\n", self.what());
            return (Outcome::Unknown, text + &line("decided by", &asked));
        }
        let (is_allowed, reason) = self.decided(loaded);
        let (outcome, verdict, may) = match is_allowed {
            true => (Outcome::Allowed, "allowed", "may"),
            false => (Outcome::Denied, "denied", "may not"),
        };
        (outcome, format!("{verdict}: in {realm}, {role} {may} {}\n\n{reason}", self.what()))
    }

    /// Why nobody can do it, whatever is allowed.
    fn never(&self) -> Option<String> {
        let name = self.action.name();
        match self.action {
            // What is below `wamp.` is registered and published by the router alone.
            Action::Register | Action::Publish if uri::is_reserved(self.uri) => {
                Some(format!("the protocol: nobody but the router can {name} below `wamp.`"))
            }
            Action::Call if self.meta == MetaApi::Off && uri::is_reserved(self.uri) => {
                Some("the realm: with `meta = \"off\"` there is no such procedure".to_owned())
            }
            Action::Call if self.meta == MetaApi::ReadOnly && MetaApi::changes(self.uri) => {
                Some("the realm: with `meta = \"read_only\"` it answers questions only".to_owned())
            }
            _ => None,
        }
    }

    /// Whether it changes something for others, so that a permission has to be given on purpose.
    fn is_kept(&self) -> bool {
        self.action == Action::Call && MetaApi::changes(self.uri)
    }

    /// Whether the permissions allow it, and why.
    fn decided(&self, loaded: &Loaded) -> (bool, String) {
        if let Some(why) = self.never() {
            return (false, line("decided by", &why));
        }
        let permissions = Permissions::new(self.roles.iter().map(Role::to_core));
        let explanation = permissions.explain(self.role, self.action, self.policy, self.uri);
        let decisive = explanation.permission.and_then(|rule| self.place_of(rule));
        let kept = self.is_kept();
        match (&explanation.verdict, decisive) {
            _ if self.roles.is_empty() => (!kept, self.without_roles(kept, loaded)),
            (Verdict::Allowed(grant), Some(decisive)) if kept && !grant.explicit => {
                (false, self.not_on_purpose(decisive, loaded))
            }
            (Verdict::Allowed(grant), Some(decisive)) if self.is_constrained(*grant) => {
                let why = format!("with `match = {:?}` it is not allowed there", self.policy.name());
                (false, line("decided by", &said(decisive, loaded)) + &line("but", &why))
            }
            (Verdict::Allowed(_), Some(decisive)) => (true, line("decided by", &said(decisive, loaded))),
            (_, Some(decisive)) => (false, self.denied_by(decisive, loaded)),
            (_, None) => {
                let nothing = "nothing: no permission of this role says anything of it";
                (false, line("decided by", nothing) + &self.takes_this(loaded))
            }
        }
    }

    /// Whether this way of comparing is refused. Other options are not part of the question.
    fn is_constrained(&self, grant: Grant) -> bool {
        let has_policy = matches!(self.action, Action::Register | Action::Subscribe);
        has_policy && grant.constraints.forbids(Wish::Match(self.policy))
    }

    /// `subscribe to "com.example." (prefix)`
    fn what(&self) -> String {
        let to = if matches!(self.action, Action::Subscribe | Action::Publish) { " to" } else { "" };
        let how =
            if self.policy == Match::Exact { String::new() } else { format!(" ({})", self.policy.name()) };
        format!("{}{to} {:?}{how}", self.action.name(), self.uri)
    }

    /// Core knows permissions without places. Of equal ones the first counts.
    fn place_of(&self, rule: &core::Permission) -> Option<&'a Permission> {
        let role = self.roles.iter().find(|role| role.name == self.role)?;
        role.permissions.iter().find(|permission| permission.rule == *rule)
    }

    fn without_roles(&self, kept: bool, loaded: &Loaded) -> String {
        if !kept {
            let why = "nothing: without [[realm.role]] everybody may do whatever changes nothing for others";
            return line("decided by", why);
        }
        let why = "the router: it changes something for others, and the realm has no [[realm.role]]";
        line("decided by", why) + &self.takes_this(loaded)
    }

    fn not_on_purpose(&self, decisive: &Permission, loaded: &Loaded) -> String {
        let why = "it changes something for others, so a permission for everything is not enough";
        line("decided by", &said(decisive, loaded)) + &line("but", why) + &self.takes_this(loaded)
    }

    fn denied_by(&self, decisive: &Permission, loaded: &Loaded) -> String {
        let reason = line("decided by", &said(decisive, loaded));
        let (asked, pattern) = (Pattern::new(self.policy, self.uri), decisive.rule.pattern());
        if asked == pattern {
            if let Err(against) = self.tried(|permissions| self.allow_in(decisive, permissions)) {
                return reason + &self.in_the_way(against, loaded);
            }
            return reason + &line("it takes", &format!("`{}` in its `allow`", self.action.name()));
        }
        // One that does not cover what was asked for refuses some of it, whatever is allowed beside.
        if !pattern.covers(asked) {
            return reason + &line("it takes", "a pattern that leaves these out, or another permission here");
        }
        reason + &self.takes_this(loaded)
    }

    /// The decisive permission, as it would be if it allowed this.
    fn allow_in(&self, decisive: &Permission, permissions: &mut [core::Permission]) {
        if let Some(rule) = permissions.iter_mut().find(|rule| **rule == decisive.rule) {
            rule.deny = rule.deny.iter().filter(|action| *action != self.action).collect();
            rule.allow = rule.allow.iter().chain([self.action]).collect();
        }
    }

    /// Whether it would be allowed if the permissions of the role were changed like this; if not, which one is against it, if
    /// that is one of the configuration.
    fn tried(&self, change: impl FnOnce(&mut Vec<core::Permission>)) -> Result<(), Option<&'a Permission>> {
        let known = self.roles.iter().find(|known| known.name == self.role);
        let mut role = known.map_or_else(|| core::Role::new(self.role), Role::to_core);
        change(&mut role.permissions);
        let permissions = Permissions::new([role]);
        let explanation = permissions.explain(self.role, self.action, self.policy, self.uri);
        match explanation.verdict {
            Verdict::Allowed(grant) if !self.is_constrained(grant) && (grant.explicit || !self.is_kept()) => {
                Ok(())
            }
            _ => Err(explanation.permission.and_then(|rule| self.place_of(rule))),
        }
    }

    /// What would be recommended would not help.
    fn in_the_way(&self, against: Option<&Permission>, loaded: &Loaded) -> String {
        let why = "a permission for it alone would not help";
        let against = against.map(|permission| line("because of", &said(permission, loaded)));
        line("but", why) + &against.unwrap_or_default()
    }

    /// The permission that would allow it, and nothing else, if there is one.
    fn takes_this(&self, loaded: &Loaded) -> String {
        let proposed = core::Permission::new(self.uri, self.policy).allow([self.action]);
        if let Err(against) = self.tried(|permissions| permissions.push(proposed)) {
            return self.in_the_way(against, loaded);
        }
        let Question { role, uri, .. } = self;
        let policy = match self.policy {
            Match::Exact => String::new(),
            policy => format!("match = \"{}\"\n", policy.name()),
        };
        let header =
            if self.roles.is_empty() { format!("[[realm.role]]\nname = {role:?}\n") } else { String::new() };
        let action = self.action.name();
        line(
            "it takes",
            &format!(
                "{header}[[realm.role.permission]]  # of {role}\nuri = {uri:?}\n{policy}allow = [{action:?}]"
            ),
        )
    }
}

/// What holds in a realm.
fn terms<'a>(loaded: &'a Loaded, realm: &str) -> Result<&'a Terms, String> {
    let config = &loaded.config;
    let fixed = config.realms.iter().find(|fixed| fixed.name == realm).map(|fixed| &fixed.terms);
    fixed.or(config.auto_create.as_ref()).ok_or_else(|| {
        let names: Vec<&str> = config.realms.iter().map(|realm| realm.name.as_str()).collect();
        format!("There is no realm \"{realm}\". {}", suggest(realm, &names, &names))
    })
}

/// Where a permission stands, and what it says.
fn said(permission: &Permission, loaded: &Loaded) -> String {
    let Place(span) = permission.place;
    format!("{}\n{permission}", loaded.warnings.line_of(span))
}

/// A title with what belongs to it, lines below each other.
fn line(title: &str, text: &str) -> String {
    let indent = " ".repeat(14);
    let text = text.lines().collect::<Vec<_>>().join(&format!("\n{indent}"));
    format!("  {title:<12}{text}\n")
}
