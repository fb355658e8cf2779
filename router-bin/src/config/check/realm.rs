//! `[[realm]]` and `[realms]`: which realms there are; `auth` says who may join them, `role` what they may do
//! there, `rules` has the rest.

use std::cell::RefCell;

use crossway_core::MetaApi;
use crossway_core::uri::{self, UriRule};

use super::{Context, auth, role, rules, unique};
use crate::config::checked::{Mention, Place, Realm, Terms};
use crate::config::diagnostics::{Mistake, Notes};
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
        match self.help_with(&name) {
            None => Some(name),
            Some(help) => field.wrong(UNKNOWN, NO_REALM, help),
        }
    }

    /// Realms of procedures that decide, which were named before all of them were known. One that anybody can create must not
    /// decide: whoever comes first would.
    fn check(&self, mention: &Mention, notes: &Notes) {
        if self.names.contains(&mention.realm) {
            return;
        }
        let mistake = match self.help_with(&mention.realm) {
            Some(help) => {
                let mistake = Mistake::new(format!("`{}` {UNKNOWN}", mention.path));
                mistake.at(mention.span, NO_REALM).help(help)
            }
            None => Mistake::new(format!("`{}` names a realm that anybody can create", mention.path))
                .at(mention.span, "whoever joins it first could decide")
                .help("add a [[realm]] of this name, and say in its `role` who may register the procedure"),
        };
        notes.add(mistake);
    }

    /// What to say where there is no such realm.
    fn help_with(&self, name: &str) -> Option<String> {
        if self.any || self.names.iter().any(|known| known == name) {
            return None;
        }
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.dedup();
        Some(suggest(name, &names, &names))
    }
}

const UNKNOWN: &str = "names a realm that does not exist";
const NO_REALM: &str = "no [[realm]] has this name";

/// How much of the meta API a realm has.
const META: [(&str, MetaApi); 3] =
    [("full", MetaApi::Full), ("read_only", MetaApi::ReadOnly), ("off", MetaApi::Off)];

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
    let names = names.into_iter().map(|(name, _)| name).collect();
    let realms = Realms { fixed, auto_create, names, any };
    context.mentions.borrow().iter().for_each(|mention| realms.check(mention, context.notes));
    realms
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
            Some((name, Place(field.span())))
        });
        let auth = table.require("auth", &format!("auth = {}", auth::EXAMPLE));
        let terms = terms(table, auth.as_ref(), rule, context);
        let (name, place) = name?;
        Some(Realm { name, place, terms: terms? })
    })?
}

/// What realms have in common with those that are created automatically.
fn terms(table: &Table<'_>, auth: Option<&Field<'_>>, rule: UriRule, context: &Context<'_>) -> Option<Terms> {
    let mark = context.files.mark();
    let methods = auth.and_then(|field| auth::methods(field, context));
    let auth_fingerprint = context.files.fingerprint(auth.map(Field::node), mark);
    let mut meta = MetaApi::default();
    table.set("meta", &mut meta, |field| field.choice(&META));
    let roles = role::roles(table, rule, context);
    if let (Some(field), Some(methods)) = (auth, &methods) {
        role::handed_out(field, methods, table);
    }
    let rules = rules::rules(table, rule);
    Some(Terms { auth: methods?, auth_fingerprint, meta, roles, rules })
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
            format!("for example: auth = {}", auth::EXAMPLE),
        );
    }
    let terms = terms(table, auth.as_ref(), rule, context);
    (enabled, terms.filter(|_| enabled))
}
