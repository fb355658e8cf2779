//! The definition of what permissions mean, one after the other.

use super::{Action, Permission, Verdict};
use crate::authorization::{Constraints, Wish};
use crate::pattern::Pattern;

/// The verdict about a URI or a pattern, and the permission that decides, unless that is an exception from it.
pub(super) fn decide<'a>(
    permissions: &'a [Permission],
    action: Action,
    asked: Pattern<'_>,
) -> (Verdict, Option<&'a Permission>) {
    let those: Vec<_> = permissions.iter().filter(|permission| permission.mentions(action)).collect();
    let covering = those.iter().copied().filter(|permission| permission.pattern().covers(asked));
    // The first of equals.
    let best = covering.reduce(|best, other| match other.pattern().rank(best.pattern()).is_gt() {
        true => other,
        false => best,
    });
    let Some(best) = best else { return (Verdict::Denied, None) };
    if asked.is_single() || best.deny.contains(action) {
        return (best.decide(action), Some(best));
    }
    let narrowing = those.iter().enumerate().filter(|(at, permission)| {
        let pattern = permission.pattern();
        let is_shadowed = those[..*at].iter().any(|before| before.pattern() == pattern);
        !is_shadowed && pattern.rank(best.pattern()).is_gt() && pattern.meets(asked)
    });
    let mut besides = Constraints::default();
    for (_, permission) in narrowing {
        let constraints = permission.grant.constraints;
        if permission.deny.contains(action) || constraints.forbids(Wish::Match(asked.policy)) {
            return (Verdict::Denied, None);
        }
        besides = besides.and(constraints);
    }
    (best.decide(action).without(besides), Some(best))
}
