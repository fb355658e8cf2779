//! The definition of what permissions mean, one after the other.

use super::{Action, Permission};
use crate::authorization::Wish;
use crate::pattern::Pattern;

/// The permission that decides about a URI or a pattern.
pub(super) fn decides<'a>(
    permissions: &'a [Permission],
    action: Action,
    asked: Pattern<'_>,
) -> Option<&'a Permission> {
    let those = |permission: &&Permission| permission.mentions(action);
    let covering = permissions.iter().filter(those).filter(|permission| permission.pattern().covers(asked));
    // The first of equals.
    let best = covering.reduce(|best, other| match other.pattern().rank(best.pattern()).is_gt() {
        true => other,
        false => best,
    })?;
    if asked.is_single() || best.deny.contains(action) {
        return Some(best);
    }
    let exception = permissions.iter().enumerate().filter(|(_, permission)| those(permission)).find(
        |(at, permission)| {
            let pattern = permission.pattern();
            let is_shadowed =
                permissions[..*at].iter().filter(those).any(|before| before.pattern() == pattern);
            let refuses = permission.deny.contains(action)
                || permission.grant.constraints.forbids(Wish::Match(asked.policy));
            !is_shadowed && refuses && pattern.rank(best.pattern()).is_gt() && pattern.meets(asked)
        },
    );
    Some(exception.map_or(best, |(_, permission)| permission))
}
