//! `{ method = "jwt" }`: with a token that an issuer has signed.

use std::sync::Arc;
use std::time::Duration;

use crossway_jwt::{ALGORITHMS, Algorithm, FileOptions, Key, Keys, MAX_KEYS, Mapping, Tokens, is_symmetric};

use super::secret::{self, Keys as Places};
use super::{Context, unique};
use crate::config::check::settings::bytes;
use crate::config::checked::{Auth, Jwt, Shown};
use crate::config::read::{Field, Table};

const SECRET: Places = Places { here: "secret", variable: "secret_env", file: "secret_file" };
const PUBLIC_KEY: Places = Places { here: "public_key", variable: "public_key_env", file: "public_key_file" };

/// How a token may be shown.
const SHOWN: [(&str, Shown); 3] =
    [("header", Shown::Header), ("challenge", Shown::Challenge), ("ticket", Shown::Ticket)];

pub(super) fn read(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    let keys = keys(table, context);
    let mut shown = SHOWN.map(|(_, shown)| shown).to_vec();
    table.set("from", &mut shown, |field| field.choices(&SHOWN));
    let mut tokens = Tokens::new(Keys::new(), Mapping::to_role(""));
    table.set("issuers", &mut tokens.issuers, texts);
    table.set("audience", &mut tokens.audience, texts);
    table
        .set("leeway", &mut tokens.leeway, |field| field.duration(Duration::ZERO..=Duration::from_secs(600)));
    table.set("max_token", &mut tokens.max_length, bytes);
    // Last, when every other key is known: what is missing may be what was misspelt.
    let mapping = mapping(table);
    let tokens = Tokens { keys: keys?, mapping: mapping?, ..tokens };
    Some(Auth::Jwt(Jwt { tokens: Arc::new(tokens), shown }))
}

fn texts(field: &Field<'_>) -> Option<Vec<String>> {
    field.list(|field| field.text())
}

/// `keys`, `jwks`, or both.
fn keys(table: &Table<'_>, context: &Context<'_>) -> Option<Keys> {
    let example = "keys = [{ alg = \"RS256\", public_key_file = \"issuer.pem\" }], or jwks = \"jwks.json\"";
    let (fixed, file) = (table.get("keys").filter(|field| !field.is_empty_list()), table.get("jwks"));
    if fixed.is_none() && file.is_none() {
        let what = format!("`{}` is missing", table.path_of("keys"));
        table.note(what, "here", format!("for example: {example}"));
        return None;
    }
    let fixed = match &fixed {
        Some(field) => fixed_keys(field, context)?,
        None => Vec::new(),
    };
    let keys = fixed.into_iter().fold(Keys::new(), Keys::key);
    let Some(field) = file else { return Some(keys) };
    let path = context.base.join(field.text()?);
    context.files.looked_after(&path);
    // What a set of as many keys, each with a chain of certificates, could take.
    let options = FileOptions { max_bytes: MAX_KEYS as u64 * (64 << 10), ..FileOptions::new(&path) };
    match keys.jwks(options) {
        Ok(keys) => Some(keys),
        Err(error) => field.wrong(
            "names a file that can't be used",
            &error.to_string(),
            "a JWK set is a JSON object with `keys` (RFC 7517)",
        ),
    }
}

fn fixed_keys(field: &Field<'_>, context: &Context<'_>) -> Option<Vec<Key>> {
    let names = std::cell::RefCell::new(Vec::new());
    let keys = field.list(|item| {
        item.read(|table| {
            let kid = table.get("kid").and_then(|field| {
                let kid = field.text()?;
                names.borrow_mut().push((kid.clone(), field.span()));
                Some(kid)
            });
            let key = key(table, context)?;
            Some(kid.into_iter().fold(key, Key::named))
        })?
    })?;
    unique(&names.into_inner(), "keys of a realm", context.notes);
    Some(keys)
}

/// A key is for one algorithm, which says where it may stand: a secret in one of three keys, a public key in others.
fn key(table: &Table<'_>, context: &Context<'_>) -> Option<Key> {
    let algorithm: Option<Algorithm> =
        table.require("alg", "alg = \"RS256\"").and_then(|field| field.choice(&ALGORITHMS));
    // Whatever is wrong with the algorithm, the places of both kinds are known.
    let [secrets, publics] = [SECRET, PUBLIC_KEY].map(|places| secret::is_there(table, &places));
    let algorithm = algorithm?;
    let (places, stray, other) = match is_symmetric(algorithm) {
        true => (SECRET, publics, "a secret, which has to stay one: `secret`, `secret_env` or `secret_file`"),
        false => {
            (PUBLIC_KEY, secrets, "a public key: `public_key_file`, or `public_key` or `public_key_env`")
        }
    };
    if stray {
        let help = format!("{algorithm:?} works with {other}");
        table.note(format!("{} has a key of the other kind", table.name()), "here", help);
        return None;
    }
    let material = secret::secret(table, &places, context)?;
    let key = match is_symmetric(algorithm) {
        true => Key::secret(algorithm, material.expose().as_bytes()),
        false => Key::public(algorithm, material.expose().as_bytes()),
    };
    key.map_err(|error| {
        table.note(format!("`{}` can't be used", table.path_of(places.here)), "here", error.to_string());
    })
    .ok()
}

/// Which claims say who somebody is.
fn mapping(table: &Table<'_>) -> Option<Mapping> {
    let mut mapping = Mapping { role: None, ..Mapping::to_role("") };
    table.set("authid_claim", &mut mapping.authid, Field::text);
    table.set("role", &mut mapping.role, |field| field.text().map(Some));
    table.set("role_claim", &mut mapping.roles, |field| field.text().map(Some));
    table.set("realm_claim", &mut mapping.realms, |field| field.text().map(Some));
    let names = table.get("roles");
    if let Some(field) = &names {
        mapping.names = field.list(|item| item.read(name)?)?;
        if mapping.roles.is_none() {
            let help = "say which claim of a token they are in: role_claim = \"roles\"";
            return field.wrong("translates roles that nobody reads", "no `role_claim`", help);
        }
    }
    if mapping.role.is_none() && mapping.roles.is_none() && !table.has_unknown() {
        let help =
            "for example: role = \"user\" for everybody, or role_claim = \"roles\" for what the token says";
        table.note(format!("`{}` is missing", table.path_of("role")), "here", help.to_owned());
        return None;
    }
    Some(mapping)
}

/// What the issuer calls a role, and what it is called here.
fn name(table: &Table<'_>) -> Option<(String, String)> {
    let claim = table.require("claim", "claim = \"administrators\"").and_then(|field| field.text());
    let role = table.require("role", "role = \"admin\"").and_then(|field| field.text());
    Some((claim?, role?))
}
