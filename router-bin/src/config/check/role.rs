//! `[[realm.role]]`: what sessions may do, by the role that they were given.

use std::cell::RefCell;
use std::time::Duration;

use crossway_core::authorization::{self, Action, Actions, Constraints, Grant};
use crossway_core::uri::UriRule;
use crossway_dynamic::ProcedureAuthorizer;

use super::rules::{pattern, says_something};
use super::{Context, asked, unique};
use crate::config::checked::{
    ACTIONS, Auth, Authorizer, DISCLOSURES, INVOKES, MATCHES, Permission, Place, Role, WISHES,
};
use crate::config::read::{Field, Table};
use crate::config::tree::Span;

/// The roles of a realm; without any, everybody may do everything that harms nobody.
pub(super) fn roles(table: &Table<'_>, rule: UriRule, context: &Context<'_>) -> Vec<Role> {
    let Some(field) = table.get("role") else { return Vec::new() };
    if field.is_empty_list() {
        let help = "leave it out if everybody may do everything, or add a role";
        return field.wrong("is empty", "nobody could do anything", help).unwrap_or_default();
    }
    let names = RefCell::new(Vec::new());
    let roles = field.list(|item| role(item, rule, &names, context)).unwrap_or_default();
    unique(&names.into_inner(), "roles of a realm", context.notes);
    roles
}

/// Whoever logs in gets a role that there is, as far as it can be known; `auth` is where it was said.
pub(super) fn handed_out(auth: &Field<'_>, methods: &[Auth], table: &Table<'_>) {
    // Also those with mistakes inside, so that these cause no others.
    let Some(known) = table.get("role").and_then(|roles| roles.texts_of("name")) else { return };
    if known.is_empty() {
        return;
    }
    let mut told: Vec<&str> = Vec::new();
    for role in methods.iter().filter_map(Auth::roles).flatten() {
        if known.iter().any(|name| name == role) || told.contains(&role) {
            continue;
        }
        told.push(role);
        let help = format!("add a [[{}]] with name = \"{role}\"", table.header_of("role"));
        auth.wrong_below("role", role, format!("hands out the role \"{role}\", which there is not"), &help);
    }
}

fn role(
    item: &Field<'_>,
    rule: UriRule,
    names: &RefCell<Vec<(String, Span)>>,
    context: &Context<'_>,
) -> Option<Role> {
    item.read(|table| {
        let name = table.require("name", "name = \"user\"").and_then(|field| {
            let name = field.text()?;
            names.borrow_mut().push((name.clone(), field.span()));
            Some((name, Place(field.span())))
        });
        let (permissions, authorizer) = (table.get("permission"), table.get("authorizer"));
        if let (Some(_), Some(authorizer)) = (&permissions, &authorizer) {
            let help = "allowed: either [[realm.role.permission]] or `authorizer`";
            return authorizer.wrong("is one too many", "who decides?", help);
        }
        let is_asked = authorizer.is_some();
        let authorizer = authorizer.and_then(|field| field.read(|table| decided_by(table, context))?);
        let permissions = permissions.and_then(|field| field.list(|item| permission(item, rule)));
        let (name, place) = name?;
        if is_asked && authorizer.is_none() {
            return None;
        }
        Some(Role { name, place, permissions: permissions.unwrap_or_default(), authorizer })
    })?
}

/// A procedure, instead of permissions.
fn decided_by(table: &Table<'_>, context: &Context<'_>) -> Option<Authorizer> {
    let mut remember = ProcedureAuthorizer::REMEMBER;
    table.set("remember", &mut remember, |field| {
        field.duration(Duration::from_millis(1)..=Duration::from_secs(24 * 3600))
    });
    Some(Authorizer { asked: asked::read(table, context)?, remember })
}

fn permission(item: &Field<'_>, rule: UriRule) -> Option<Permission> {
    item.read(|table| {
        let place = table.get("uri").map_or(table.span, |field| field.span());
        let (policy, uri) = pattern(table, rule);
        let allow = actions(table, "allow", Actions::NONE);
        let deny = actions(table, "deny", allow);
        if allow.is_empty() && deny.is_empty() {
            says_something(table, &["allow", "deny"]);
        }
        let mut grant = Grant::default();
        table.set("disclose", &mut grant.disclose, |field| {
            field
                .choice(&DISCLOSURES)
                .filter(|_| concerns(field, allow, &[Action::Call, Action::Publish]))
                .map(Some)
        });
        grant.constraints = constraints(table, allow);
        let rule = authorization::Permission { uri: uri?, policy, allow, deny, grant };
        Some(Permission { place: Place(place), rule })
    })?
}

/// A list of actions, none of which is among the others.
fn actions(table: &Table<'_>, key: &'static str, others: Actions) -> Actions {
    let mut actions = Actions::NONE;
    table.set(key, &mut actions, |field| {
        let chosen: Actions = field.choices(&ACTIONS)?.into_iter().collect();
        match chosen.iter().find(|action| others.contains(*action)) {
            None => Some(chosen),
            Some(action) => {
                let label = format!("`{}` is allowed as well", action.name());
                field.wrong("denies what is allowed", &label, "leave it out here, or in `allow`")
            }
        }
    });
    actions
}

/// What may not be asked for.
fn constraints(table: &Table<'_>, allow: Actions) -> Constraints {
    let mut constraints = Constraints::default();
    if let Some(field) = table.get("only_match")
        && concerns(&field, allow, &[Action::Subscribe, Action::Register])
    {
        constraints = field.choices(&MATCHES).map_or(constraints, |these| constraints.only_match(&these));
    }
    if let Some(field) = table.get("only_invoke")
        && concerns(&field, allow, &[Action::Register])
    {
        constraints = field.choices(&INVOKES).map_or(constraints, |these| constraints.only_invoke(&these));
    }
    if let Some(field) = table.get("forbid") {
        let wishes = field.choices(&WISHES).unwrap_or_default();
        let fit = wishes.iter().all(|(_, action)| concerns(&field, allow, &[*action]));
        constraints = wishes.iter().filter(|_| fit).fold(constraints, |all, (wish, _)| all.forbid(*wish));
    }
    constraints
}

/// Terms go with what is allowed here.
fn concerns(field: &Field<'_>, allow: Actions, these: &[Action]) -> bool {
    if these.iter().any(|action| allow.contains(*action)) {
        return true;
    }
    let names: Vec<String> = these.iter().map(|action| format!("`{}`", action.name())).collect();
    let help = format!("it goes with {} in `allow`; remove it, or add that", names.join(" or "));
    field.wrong::<()>("has no effect", "nothing is allowed that it is about", help);
    false
}
