//! Options that a permission rules out.

use std::fmt;

use super::Asked;
use crate::message::{Invoke, Match, PublishOptions};

/// Something that a client can ask for in the options of a request, and a permission can rule out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// A subscription or registration that is compared this way; exact is what is asked for by saying nothing.
    Match(Match),
    /// A registration that chooses its callees this way; single is what is asked for by saying nothing.
    Invoke(Invoke),
    /// `REGISTER.Options.force_reregister`.
    ForceReregister,
    /// `SUBSCRIBE.Options.get_retained`.
    GetRetained,
    /// `PUBLISH.Options.retain`.
    Retain,
    /// `PUBLISH.Options.exclude_me = false`: the publisher hears itself.
    HearItself,
    /// `PUBLISH.Options.eligible` and `exclude`, and what begins so: the publisher chooses who may get the event.
    Receivers,
    /// `PUBLISH.Options.acknowledge`.
    Acknowledge,
}

impl Wish {
    /// The option that says it.
    pub fn option(self) -> &'static str {
        match self {
            Wish::Match(_) => "match",
            Wish::Invoke(_) => "invoke",
            Wish::ForceReregister => "force_reregister",
            Wish::GetRetained => "get_retained",
            Wish::Retain => "retain",
            Wish::HearItself => "exclude_me",
            Wish::Receivers => "eligible and exclude",
            Wish::Acknowledge => "acknowledge",
        }
    }

    fn bit(self) -> u16 {
        let place = match self {
            Wish::Match(policy) => policy as u16,
            Wish::Invoke(invoke) => 3 + invoke as u16,
            Wish::ForceReregister => 9,
            Wish::GetRetained => 10,
            Wish::Retain => 11,
            Wish::HearItself => 12,
            Wish::Receivers => 13,
            Wish::Acknowledge => 14,
        };
        1 << place
    }
}

/// How things can be compared.
const MATCHES: [Match; 3] = [Match::Exact, Match::Prefix, Match::Wildcard];
/// How callees can be chosen.
const INVOKES: [Invoke; 6] =
    [Invoke::Single, Invoke::RoundRobin, Invoke::Random, Invoke::First, Invoke::Last, Invoke::LeastPending];

/// The wishes that a permission does not grant; none by default.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Constraints(u16);

impl Constraints {
    /// One more.
    #[must_use]
    pub fn forbid(self, wish: Wish) -> Self {
        Constraints(self.0 | wish.bit())
    }

    /// What either rules out.
    #[must_use]
    pub fn and(self, other: Constraints) -> Self {
        Constraints(self.0 | other.0)
    }

    /// No match policies but these.
    #[must_use]
    pub fn only_match(self, allowed: &[Match]) -> Self {
        let forbidden = MATCHES.into_iter().filter(|policy| !allowed.contains(policy));
        forbidden.fold(self, |all, policy| all.forbid(Wish::Match(policy)))
    }

    /// No invoke policies but these.
    #[must_use]
    pub fn only_invoke(self, allowed: &[Invoke]) -> Self {
        let forbidden = INVOKES.into_iter().filter(|invoke| !allowed.contains(invoke));
        forbidden.fold(self, |all, invoke| all.forbid(Wish::Invoke(invoke)))
    }

    /// Whether this is ruled out.
    pub fn forbids(self, wish: Wish) -> bool {
        self.0 & wish.bit() != 0
    }

    /// Whether everything may be asked for.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first wish of a request that is not granted.
    #[inline]
    pub fn refused(self, asked: Asked<'_>) -> Option<Wish> {
        if self.is_empty() { None } else { self.first_of(asked) }
    }

    #[cold]
    fn first_of(self, asked: Asked<'_>) -> Option<Wish> {
        let wishes = match asked {
            Asked::Call(_) => [None; 4],
            Asked::Subscribe(options) => [
                Some(Wish::Match(asked.policy())),
                (options.get_retained == Some(true)).then_some(Wish::GetRetained),
                None,
                None,
            ],
            Asked::Register(options) => [
                Some(Wish::Match(asked.policy())),
                Some(Wish::Invoke(options.invoke.unwrap_or(Invoke::Single))),
                (options.force_reregister == Some(true)).then_some(Wish::ForceReregister),
                None,
            ],
            Asked::Publish(options) => [
                (options.retain == Some(true)).then_some(Wish::Retain),
                (options.exclude_me == Some(false)).then_some(Wish::HearItself),
                chooses_receivers(options).then_some(Wish::Receivers),
                (options.acknowledge == Some(true)).then_some(Wish::Acknowledge),
            ],
        };
        wishes.into_iter().flatten().find(|wish| self.forbids(*wish))
    }
}

fn chooses_receivers(options: &PublishOptions) -> bool {
    let PublishOptions {
        exclude,
        exclude_authid,
        exclude_authrole,
        eligible,
        eligible_authid,
        eligible_authrole,
        ..
    } = options;
    exclude.is_some()
        || exclude_authid.is_some()
        || exclude_authrole.is_some()
        || eligible.is_some()
        || eligible_authid.is_some()
        || eligible_authrole.is_some()
}

impl fmt::Debug for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = [
            Wish::ForceReregister,
            Wish::GetRetained,
            Wish::Retain,
            Wish::HearItself,
            Wish::Receivers,
            Wish::Acknowledge,
        ];
        let all = MATCHES.map(Wish::Match).into_iter().chain(INVOKES.map(Wish::Invoke)).chain(others);
        f.debug_set().entries(all.filter(|wish| self.forbids(*wish))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::message::{CallOptions, RegisterOptions, SubscribeOptions};

    #[test]
    fn nothing_is_ruled_out_unless_it_is_said() {
        let register = RegisterOptions { invoke: Some(Invoke::Random), ..Default::default() };
        assert_eq!(Constraints::default().refused(Asked::Register(&register)), None);
        let only_retain = Constraints::default().forbid(Wish::Retain);
        assert_eq!(only_retain.refused(Asked::Register(&register)), None);
        assert_eq!(only_retain.refused(Asked::Call(&CallOptions::default())), None);
        assert_eq!(format!("{only_retain:?}"), "{Retain}");
    }

    #[test]
    fn policies_are_ruled_out_by_naming_those_that_are_left() {
        let constraints = Constraints::default().only_match(&[Match::Exact]).only_invoke(&[Invoke::Single]);
        let refused = |policy, invoke| {
            constraints.refused(Asked::Register(&RegisterOptions { policy, invoke, ..Default::default() }))
        };
        assert_eq!(refused(None, None), None);
        assert_eq!(refused(Some(Match::Exact), Some(Invoke::Single)), None);
        assert_eq!(refused(Some(Match::Prefix), None), Some(Wish::Match(Match::Prefix)));
        assert_eq!(refused(None, Some(Invoke::Last)), Some(Wish::Invoke(Invoke::Last)));
        let prefixes_only = Constraints::default().only_match(&[Match::Prefix]);
        let exact = SubscribeOptions::default();
        assert_eq!(prefixes_only.refused(Asked::Subscribe(&exact)), Some(Wish::Match(Match::Exact)));
    }

    #[test]
    fn each_wish_of_a_publisher_is_seen() {
        let wishes = [
            (Wish::Retain, PublishOptions { retain: Some(true), ..Default::default() }),
            (Wish::HearItself, PublishOptions { exclude_me: Some(false), ..Default::default() }),
            (Wish::Receivers, PublishOptions { eligible: Some(vec![Id::MIN]), ..Default::default() }),
            (Wish::Receivers, PublishOptions { exclude_authrole: Some(vec![]), ..Default::default() }),
            (Wish::Acknowledge, PublishOptions { acknowledge: Some(true), ..Default::default() }),
        ];
        for (wish, options) in wishes {
            let constraints = Constraints::default().forbid(wish);
            assert_eq!(constraints.refused(Asked::Publish(&options)), Some(wish));
            assert_eq!(constraints.refused(Asked::Publish(&PublishOptions::default())), None);
        }
    }
}
