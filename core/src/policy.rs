//! What the operator of a realm says of its topics and procedures.
//!
//! Law: rules are read from the top, and each attribute is decided by the first rule that fits and says something of it.
//! So a rule for a few URIs stands above one for many, and may leave open what that one decides.
//!
//! ```text
//!   rules                                        com.app.alarm, published by a "sensor"
//!   com.app.alarm  exact   trustlevel 9          ── trustlevel 9
//!   com.app.       prefix  sensor: disclose always     ── disclosed
//!   com.           prefix  trustlevel 1, retain        ── retained; the trust level is decided already
//! ```

use std::time::Duration;

use crate::message::Match;
use crate::pattern;

/// Of what a rule speaks: URIs, and the roles of those who publish there or call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// A topic or procedure, or a pattern of them.
    pub uri: String,
    /// How `uri` is compared.
    pub policy: Match,
    /// The roles that the rule is for; `None`: everybody, an empty list: nobody.
    pub authroles: Option<Vec<String>>,
}

impl Scope {
    /// Everybody, for the URIs that match.
    pub fn new(uri: impl Into<String>, policy: Match) -> Self {
        Scope { uri: uri.into(), policy, authroles: None }
    }

    /// Whether the rule is for this URI and this role.
    pub fn fits(&self, uri: &str, authrole: &str) -> bool {
        pattern::matches(self.policy, &self.uri, uri)
            && self.authroles.as_ref().is_none_or(|roles| roles.iter().any(|role| role == authrole))
    }
}

/// Something that is said of topics. What is `None` is left to the rules below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRule {
    /// The topics, and the roles of their publishers.
    pub scope: Scope,
    /// `EVENT.Details.trustlevel`: how far subscribers may trust what is published. 0 is the lowest.
    pub trustlevel: Option<u64>,
    /// Whether subscribers are told who published; [`Disclosure::OnRequest`] if no rule says.
    pub disclose: Option<Disclosure>,
    /// `true`: every publication is kept for later subscribers. `false`: none is, whatever its publisher asks for.
    pub retain: Option<bool>,
}

impl TopicRule {
    /// A rule that says nothing yet.
    pub fn new(uri: impl Into<String>, policy: Match) -> Self {
        TopicRule { scope: Scope::new(uri, policy), trustlevel: None, disclose: None, retain: None }
    }
}

/// Something that is said of procedures. What is `None` is left to the rules below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcedureRule {
    /// The procedures, and the roles of their callers.
    pub scope: Scope,
    /// `INVOCATION.Details.trustlevel`: how far callees may trust who calls. 0 is the lowest.
    pub trustlevel: Option<u64>,
    /// Whether callees are told who calls; [`Disclosure::OnRequest`] if no rule says.
    pub disclose: Option<Disclosure>,
    /// The longest that a call may take, whatever its caller asks for.
    pub max_timeout: Option<Duration>,
    /// Whether callees that can are left to watch over timeouts, whatever they registered with.
    pub forward_timeout: Option<bool>,
}

impl ProcedureRule {
    /// A rule that says nothing yet.
    pub fn new(uri: impl Into<String>, policy: Match) -> Self {
        ProcedureRule {
            scope: Scope::new(uri, policy),
            trustlevel: None,
            disclose: None,
            max_timeout: None,
            forward_timeout: None,
        }
    }
}

/// Whether the other side is told who publishes or calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// If the publisher or caller says `disclose_me`.
    #[default]
    OnRequest,
    /// Whether it says so or not (PS-ID-04).
    Always,
    /// Not even then: `disclose_me` is answered with `wamp.error.option_disallowed.disclose_me` (PS-ID-03).
    Never,
}

/// What is decided for one publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PublicationPolicy {
    pub(crate) trustlevel: Option<u64>,
    pub(crate) disclose: Disclosure,
    pub(crate) retain: Option<bool>,
}

/// What is decided for one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallPolicy {
    pub(crate) trustlevel: Option<u64>,
    pub(crate) disclose: Disclosure,
    pub(crate) max_timeout: Option<Duration>,
    pub(crate) forward_timeout: Option<bool>,
}

/// All rules of a realm. Without any, asking is one branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policies {
    pub(crate) topics: Vec<TopicRule>,
    pub(crate) procedures: Vec<ProcedureRule>,
}

impl Policies {
    /// What holds when somebody with this role publishes to `topic`.
    #[inline]
    pub(crate) fn publication(&self, topic: &str, authrole: &str) -> PublicationPolicy {
        if self.topics.is_empty() {
            return PublicationPolicy::default();
        }
        let rules = || self.topics.iter().filter(|rule| rule.scope.fits(topic, authrole));
        PublicationPolicy {
            trustlevel: rules().find_map(|rule| rule.trustlevel),
            disclose: rules().find_map(|rule| rule.disclose).unwrap_or_default(),
            retain: rules().find_map(|rule| rule.retain),
        }
    }

    /// What holds when somebody with this role calls `procedure`.
    #[inline]
    pub(crate) fn call(&self, procedure: &str, authrole: &str) -> CallPolicy {
        if self.procedures.is_empty() {
            return CallPolicy::default();
        }
        let rules = || self.procedures.iter().filter(|rule| rule.scope.fits(procedure, authrole));
        CallPolicy {
            trustlevel: rules().find_map(|rule| rule.trustlevel),
            disclose: rules().find_map(|rule| rule.disclose).unwrap_or_default(),
            max_timeout: rules().find_map(|rule| rule.max_timeout),
            forward_timeout: rules().find_map(|rule| rule.forward_timeout),
        }
    }

    /// The URI of every rule and how it is compared, to be checked.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        let topics = self.topics.iter().map(|rule| &rule.scope);
        topics.chain(self.procedures.iter().map(|rule| &rule.scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(uri: &str, policy: Match, change: impl FnOnce(&mut TopicRule)) -> TopicRule {
        let mut rule = TopicRule::new(uri, policy);
        change(&mut rule);
        rule
    }

    #[test]
    fn without_rules_nothing_is_decided() {
        assert_eq!(Policies::default().publication("a.b", "user"), PublicationPolicy::default());
        assert_eq!(Policies::default().call("a.b", "user"), CallPolicy::default());
    }

    #[test]
    fn each_attribute_is_decided_by_the_first_rule_that_says_something_of_it() {
        let policies = Policies {
            topics: vec![
                rule("a.b", Match::Exact, |rule| rule.trustlevel = Some(9)),
                rule("a.", Match::Prefix, |rule| {
                    rule.trustlevel = Some(1);
                    rule.retain = Some(true);
                }),
                rule(".b", Match::Wildcard, |rule| {
                    rule.retain = Some(false);
                    rule.disclose = Some(Disclosure::Always);
                }),
            ],
            procedures: vec![],
        };
        let policy = |topic| policies.publication(topic, "user");
        let (always, on_request) = (Disclosure::Always, Disclosure::OnRequest);
        let all = PublicationPolicy { trustlevel: Some(9), disclose: always, retain: Some(true) };
        assert_eq!(policy("a.b"), all);
        let prefix = PublicationPolicy { trustlevel: Some(1), disclose: on_request, retain: Some(true) };
        assert_eq!(policy("a.c"), prefix);
        let wildcard = PublicationPolicy { trustlevel: None, disclose: always, retain: Some(false) };
        assert_eq!(policy("c.b"), wildcard);
        assert_eq!(policy("c.d"), PublicationPolicy::default());
    }

    #[test]
    fn a_rule_may_be_for_some_roles_only() {
        let mut for_two = ProcedureRule::new("a", Match::Exact);
        for_two.scope.authroles = Some(vec!["user".into(), "admin".into()]);
        for_two.max_timeout = Some(Duration::from_secs(1));
        let mut for_nobody = for_two.clone();
        for_nobody.scope.authroles = Some(Vec::new());
        for_nobody.max_timeout = Some(Duration::ZERO);
        let policies = Policies { topics: vec![], procedures: vec![for_nobody, for_two] };
        assert_eq!(policies.call("a", "admin").max_timeout, Some(Duration::from_secs(1)));
        assert_eq!(policies.call("a", "guest").max_timeout, None);
    }
}
