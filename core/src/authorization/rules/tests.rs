//! What is compiled decides as the definition does, and a pattern that is allowed matches nothing that is not.

use proptest::prelude::*;

use super::*;
use crate::authorization::{Constraints, Wish};
use crate::message::Invoke;
use crate::pattern::matches;

/// Components that are prefixes of each other, so that prefixes end inside of them.
fn uri() -> impl Strategy<Value = String> {
    "(a|b|ab|aa)(\\.(a|b|ab)){0,3}"
}

/// A URI, or a pattern of them; reserved ones among them.
fn pattern() -> impl Strategy<Value = (Match, String)> {
    prop_oneof![
        3 => uri().prop_map(|uri| (Match::Exact, uri)),
        3 => "(wamp\\.)?(|(a|b|ab)(\\.(a|b|aa)){0,2}\\.?)".prop_map(|uri| (Match::Prefix, uri)),
        3 => "(a|b|)(\\.(a|b|ab|)){0,3}".prop_map(|uri| (Match::Wildcard, uri)),
    ]
}

fn actions() -> impl Strategy<Value = Actions> {
    proptest::collection::vec(proptest::sample::select(&Action::ALL), 0..4)
        .prop_map(|actions| actions.into_iter().collect())
}

fn permission() -> impl Strategy<Value = Permission> {
    let constraints = prop_oneof![
        6 => Just(Constraints::default()),
        1 => Just(Constraints::default().forbid(Wish::Match(Match::Prefix))),
        1 => Just(Constraints::default().only_match(&[Match::Exact])),
        1 => Just(Constraints::default().forbid(Wish::Retain)),
        1 => Just(Constraints::default().forbid(Wish::GetRetained)),
        1 => Just(Constraints::default().only_invoke(&[Invoke::Single])),
    ];
    // Mostly allowed, or hardly any pattern would be.
    let deny = prop_oneof![3 => Just(Actions::NONE), 1 => actions()];
    (pattern(), actions(), deny, constraints).prop_map(|((policy, uri), allow, deny, constraints)| {
        Permission { uri, policy, allow, deny, grant: Grant { constraints, ..Grant::default() } }
    })
}

fn permissions(most: usize) -> impl Strategy<Value = Vec<Permission>> {
    proptest::collection::vec(permission(), 0..most)
}

/// Compares what is compiled with the definition.
fn compare(permissions: &[Permission], asked: &[(Match, String)]) -> Result<(), TestCaseError> {
    let compiled = Compiled::new(permissions.to_vec());
    for action in Action::ALL {
        for (policy, uri) in asked {
            let asked = Pattern::new(*policy, uri);
            let Explanation { verdict, permission } = compiled.explain(action, asked);
            let (naive, decides) = naive::decide(permissions, action, asked);
            prop_assert_eq!(&verdict, &naive, "{:?} {:?}", action, asked);
            match decides {
                Some(decides) => prop_assert_eq!(permission, Some(decides)),
                None => prop_assert!(permission.is_none_or(|exception| exception.pattern().meets(asked))),
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_compiled_permissions_decide_as_the_definition_does(
        permissions in permissions(12),
        asked in proptest::collection::vec(pattern(), 1..20),
    ) {
        compare(&permissions, &asked)?;
    }

    #[test]
    fn what_is_allowed_as_a_pattern_is_allowed_for_all_that_it_matches(
        permissions in permissions(10),
        (policy, asked) in pattern(),
        uris in proptest::collection::vec(uri(), 40),
    ) {
        let compiled = Compiled::new(permissions);
        for action in Action::ALL {
            let granted = |policy, uri: &str| {
                match compiled.explain(action, Pattern::new(policy, uri)).verdict {
                    Verdict::Allowed(grant) => Some(grant.constraints),
                    _ => None,
                }
            };
            if let Some(constraints) = granted(policy, &asked) {
                for uri in uris.iter().filter(|uri| matches(policy, &asked, uri)) {
                    let single = granted(Match::Exact, uri);
                    prop_assert!(single.is_some(), "{:?} {}", action, uri);
                    // Nor is more allowed than for each of them.
                    let single = single.unwrap_or_default();
                    prop_assert_eq!(constraints.and(single), constraints, "{:?} {}", action, uri);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn so_they_do_when_there_are_many(
        permissions in permissions(400),
        asked in proptest::collection::vec(pattern(), 60),
    ) {
        compare(&permissions, &asked)?;
    }
}

fn allowed(compiled: &Compiled, action: Action, policy: Match, uri: &str) -> bool {
    matches!(compiled.explain(action, Pattern::new(policy, uri)).verdict, Verdict::Allowed(_))
}

#[test]
fn the_picture_in_the_module_is_true() {
    use Match::{Exact, Prefix, Wildcard};
    let role = Compiled::new(vec![
        Permission::new("com.app.admin.stop", Exact).allow([Action::Call]),
        Permission::new("com.app.admin.", Prefix).deny([Action::Call]),
        Permission::new("com.app.", Prefix).allow([Action::Call, Action::Publish]),
        Permission::new("com..log", Wildcard).allow([Action::Subscribe]),
    ]);
    assert!(allowed(&role, Action::Call, Exact, "com.app.admin.stop"));
    assert!(!allowed(&role, Action::Call, Exact, "com.app.admin.list"));
    assert!(allowed(&role, Action::Publish, Exact, "com.app.admin.x"));
    assert!(allowed(&role, Action::Subscribe, Exact, "com.b.log"));
    assert!(!allowed(&role, Action::Register, Exact, "com.app.x"));
    let patterns = |key: &str| {
        Compiled::new(vec![
            Permission::new("com.", Prefix).allow([Action::Subscribe]),
            Permission::new("com.app.x", Exact).allow([Action::Subscribe]),
            Permission::new("com..b", Wildcard).deny([Action::Subscribe]),
            Permission::new(key, Exact).deny([Action::Subscribe]),
        ])
    };
    assert!(!allowed(&patterns("com.app.key"), Action::Subscribe, Prefix, "com.app."));
    assert!(allowed(&patterns("com.other.key"), Action::Subscribe, Prefix, "com.app."));
}

#[test]
fn options_that_are_ruled_out_for_some_uris_are_not_granted_through_a_wider_pattern() {
    use Match::{Exact, Prefix, Wildcard};
    let no_history =
        Grant { constraints: Constraints::default().forbid(Wish::GetRetained), ..Grant::default() };
    let alone =
        Grant { constraints: Constraints::default().only_invoke(&[Invoke::Single]), ..Grant::default() };
    let both = [Action::Subscribe, Action::Register];
    let role = Compiled::new(vec![
        Permission::new("com.", Prefix).allow(both),
        Permission::new("com.app.secret", Exact).allow([Action::Subscribe]).on_terms(no_history),
        Permission::new("com.app.door.", Prefix).allow([Action::Register]).on_terms(alone),
    ]);
    let forbids = |action, policy, uri, wish| match role.explain(action, Pattern::new(policy, uri)).verdict {
        Verdict::Allowed(grant) => grant.constraints.forbids(wish),
        other => panic!("{other:?}"),
    };
    for (policy, uri) in
        [(Prefix, "com."), (Prefix, "com.app"), (Wildcard, "com..secret"), (Exact, "com.app.secret")]
    {
        assert!(forbids(Action::Subscribe, policy, uri, Wish::GetRetained), "{uri}");
    }
    for (policy, uri) in [(Prefix, "com."), (Prefix, "com.app.door.left."), (Wildcard, "com.app..left")] {
        assert!(forbids(Action::Register, policy, uri, Wish::Invoke(Invoke::Random)), "{uri}");
    }
    assert!(!forbids(Action::Subscribe, Prefix, "com.other.", Wish::GetRetained));
    assert!(!forbids(Action::Register, Prefix, "com.app.secret", Wish::Invoke(Invoke::Random)));
}

#[test]
fn only_what_is_said_below_wamp_is_explicit() {
    let role = Compiled::new(vec![
        Permission::new("", Match::Prefix).allow(Action::ALL),
        Permission::new("wamp.session.kill", Match::Exact).allow([Action::Call]),
    ]);
    let explicit = |uri| match role.explain(Action::Call, Pattern::new(Match::Exact, uri)).verdict {
        Verdict::Allowed(grant) => grant.explicit,
        other => panic!("{other:?}"),
    };
    assert!(explicit("wamp.session.kill") && !explicit("wamp.session.kill_all") && !explicit("wampum"));
}

#[test]
fn of_equal_permissions_and_roles_the_first_counts_and_a_denial_beside_an_allowance() {
    let both = Permission::new("a", Match::Exact).allow(Action::ALL).deny([Action::Call]);
    let again = Permission::new("a", Match::Exact).deny([Action::Publish]);
    let roles = [Role::new("user").permission(both).permission(again), Role::new("user")];
    let permissions = Permissions::new(roles);
    let verdict = |action| permissions.explain("user", action, Match::Exact, "a").verdict;
    assert_eq!(verdict(Action::Publish), Verdict::Allowed(Grant::default()));
    assert_eq!(verdict(Action::Call), Verdict::Denied);
    assert!(permissions.has_role("user") && !permissions.has_role("guest"));
    assert_eq!(permissions.explain("guest", Action::Call, Match::Exact, "a").permission, None);
}
