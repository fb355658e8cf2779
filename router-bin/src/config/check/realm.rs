//! `[[realm]]` and `[realms]`: which realms there are, and who may join them; `rules` has the rest.

use std::cell::RefCell;
use std::fs;

use crossway_core::MetaApi;
use crossway_core::uri::{self, UriRule};

use super::{Context, rules, unique};
use crate::config::checked::{Auth, Realm, Secret, Terms, TicketUser};
use crate::config::read::{Field, Table, suggest};
use crate::config::tree::Span;

/// All that was said about realms.
pub(super) struct Realms {
    pub(super) fixed: Vec<Realm>,
    pub(super) auto_create: Option<Terms>,
    /// Every name, also those of realms with mistakes inside, so that these cause no others.
    names: Vec<String>,
    any: bool,
}

impl Realms {
    /// A reference to a realm: one that exists, or any name where realms are created automatically.
    pub(super) fn reference(&self, field: &Field<'_>) -> Option<String> {
        let name = field.text()?;
        if self.any || self.names.contains(&name) {
            return Some(name);
        }
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.dedup();
        let help = suggest(&name, &names, &names);
        field.wrong("names a realm that does not exist", "no [[realm]] has this name", help)
    }
}

/// How much of the meta API a realm has.
const META: [(&str, MetaApi); 3] =
    [("full", MetaApi::Full), ("read_only", MetaApi::ReadOnly), ("off", MetaApi::Off)];

const EXAMPLE: &str = "[{ method = \"anonymous\", role = \"anonymous\" }]";

pub(super) fn realms(table: &Table<'_>, rule: UriRule, context: &Context<'_>) -> Realms {
    let names = RefCell::new(Vec::new());
    let listed = table.get("realm");
    let missing = listed.as_ref().is_none_or(Field::is_empty_list);
    let fixed =
        listed.and_then(|field| field.list(|realm| one(realm, rule, &names, context))).unwrap_or_default();
    let (any, auto_create) = table.section("realms", |section| automatic(section, rule, context));
    let names = names.into_inner();
    unique(&names, "realms", context.notes);
    if missing && !any {
        let help = "add a [[realm]], or set realms.auto_create = true".to_string();
        table.note("there is no realm".to_string(), "no `realm` in here", help);
    }
    Realms { fixed, auto_create, names: names.into_iter().map(|(name, _)| name).collect(), any }
}

fn one(
    field: &Field<'_>,
    rule: UriRule,
    names: &RefCell<Vec<(String, Span)>>,
    context: &Context<'_>,
) -> Option<Realm> {
    field.read(|table| {
        let name = table.require("name", "name = \"realm1\"").and_then(|field| {
            let name = name(&field, rule)?;
            names.borrow_mut().push((name.clone(), field.span()));
            Some(name)
        });
        let auth = table.require("auth", &format!("auth = {EXAMPLE}"));
        let terms = terms(table, auth.as_ref(), rule, context);
        Some(Realm { name: name?, terms: terms? })
    })?
}

/// What realms have in common with those that are created automatically.
fn terms(table: &Table<'_>, auth: Option<&Field<'_>>, rule: UriRule, context: &Context<'_>) -> Option<Terms> {
    let auth = auth.and_then(|field| methods(field, context));
    let mut meta = MetaApi::default();
    table.set("meta", &mut meta, |field| field.choice(&META));
    let rules = rules::rules(table, rule);
    Some(Terms { auth: auth?, meta, rules })
}

fn name(field: &Field<'_>, rule: UriRule) -> Option<String> {
    let name = field.text()?;
    match rule.check(&name) {
        Err(error) => field.wrong(
            "is no name for a realm",
            &error.to_string(),
            "allowed: a URI such as `com.example.app`",
        ),
        Ok(()) if uri::is_reserved(&name) => field.wrong(
            "is no name for a realm",
            "names that begin with `wamp.` are reserved",
            "choose another name",
        ),
        Ok(()) => Some(name),
    }
}

fn automatic(table: &Table<'_>, rule: UriRule, context: &Context<'_>) -> (bool, Option<Terms>) {
    let mut enabled = false;
    table.set("auto_create", &mut enabled, Field::flag);
    let auth = table.get("auth");
    if auth.is_none() && enabled {
        table.note(
            "`realms.auth` is missing: who may join the realms that are created automatically?".to_string(),
            "here",
            format!("for example: auth = {EXAMPLE}"),
        );
    }
    let terms = terms(table, auth.as_ref(), rule, context);
    (enabled, terms.filter(|_| enabled))
}

fn methods(field: &Field<'_>, context: &Context<'_>) -> Option<Vec<Auth>> {
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could join", format!("for example: {EXAMPLE}"));
    }
    let seen = RefCell::new(Vec::new());
    field.list(|item| {
        let auth = item.read(|table| method(table, context))??;
        if seen.borrow().contains(&auth.method()) {
            return item.wrong(
                "names a method again",
                "second time",
                "each method may be used once in a realm",
            );
        }
        seen.borrow_mut().push(auth.method());
        Some(auth)
    })
}

/// Which keys a method has depends on the method.
fn method(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    let kind = table.require("method", "method = \"anonymous\"");
    let read: fn(&Table<'_>, &Context<'_>) -> Option<Auth> = kind
        .and_then(|field| field.choice(&[("anonymous", anonymous as _), ("ticket", ticket as _)]))
        .or_else(|| {
            // Without the method nobody knows which keys belong here; to call them unknown would be wrong.
            let _ = ["role", "tickets"].map(|key| table.get(key));
            None
        })?;
    read(table, context)
}

fn anonymous(table: &Table<'_>, _: &Context<'_>) -> Option<Auth> {
    let mut role = "anonymous".to_string();
    table.set("role", &mut role, Field::text);
    Some(Auth::Anonymous { role })
}

fn ticket(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    let example = "tickets = [{ authid = \"joe\", ticket_env = \"JOE_TICKET\", role = \"user\" }]";
    let field = table.require("tickets", example)?;
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could log in", format!("for example: {example}"));
    }
    let names = RefCell::new(Vec::new());
    let users = field.list(|item| item.read(|table| user(table, &names, context))?)?;
    unique(&names.into_inner(), "users of a realm", context.notes);
    Some(Auth::Ticket { users })
}

fn user(
    table: &Table<'_>,
    names: &RefCell<Vec<(String, Span)>>,
    context: &Context<'_>,
) -> Option<TicketUser> {
    let authid = table.require("authid", "authid = \"joe\"").and_then(|field| {
        let authid = field.text()?;
        names.borrow_mut().push((authid.clone(), field.span()));
        Some(authid)
    });
    let role = table.require("role", "role = \"user\"").and_then(|field| field.text());
    let ticket = secret(table, context);
    Some(TicketUser { authid: authid?, ticket: ticket?, role: role? })
}

/// One of three places where a ticket may come from.
fn secret(table: &Table<'_>, context: &Context<'_>) -> Option<Secret> {
    let help = "allowed: exactly one of `ticket`, `ticket_env` (the name of an environment variable) and `ticket_file`";
    match (table.get("ticket"), table.get("ticket_env"), table.get("ticket_file")) {
        (Some(field), None, None) => field.text().map(Secret),
        (None, Some(field), None) => from_variable(&field, context),
        (None, None, Some(field)) => from_file(&field, context),
        (None, None, None) => {
            table.note(format!("`{}` is missing", table.path_of("ticket")), "here", help.into());
            None
        }
        (first, second, third) => {
            let extra = [third, second, first].into_iter().flatten().next()?;
            extra.wrong("is one ticket too many", "one more", help)
        }
    }
}

fn from_variable(field: &Field<'_>, context: &Context<'_>) -> Option<Secret> {
    let name = field.text()?;
    match context.environment.get(&name) {
        Some(ticket) => Some(Secret(ticket.to_string())),
        None => {
            let help = format!("set {name} in the environment that crossway is started in");
            field.wrong("names an environment variable without a value", "not set, or empty", help)
        }
    }
}

fn from_file(field: &Field<'_>, context: &Context<'_>) -> Option<Secret> {
    let path = context.base.join(field.text()?);
    match fs::read_to_string(&path) {
        // Editors end files with a line break that is no part of the ticket.
        Ok(text) if !text.trim_end().is_empty() => Some(Secret(text.trim_end().to_string())),
        Ok(_) => field.wrong(
            "names an empty file",
            "nothing in it",
            "the file has to hold the ticket, and nothing else",
        ),
        Err(error) => {
            let help = format!("looked at {}", path.display());
            field.wrong("names a file that can't be read", &error.to_string(), help)
        }
    }
}
