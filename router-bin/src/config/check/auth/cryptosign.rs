//! `{ method = "cryptosign" }`: with a private key, of which the router knows the public one.

use std::cell::RefCell;

use crossway_cryptosign::{ChannelBinding, PrivateKey, PublicKey};

use super::secret::{self, Keys};
use super::{Context, unique};
use crate::config::checked::{Auth, Cryptosign, KeyUser, Secret};
use crate::config::read::{Field, Table};
use crate::config::tree::Span;

const ROUTER_KEY: Keys = Keys { here: "router_key", variable: "router_key_env", file: "router_key_file" };

const BINDINGS: [(&str, ChannelBinding); 3] = [
    ("off", ChannelBinding::Off),
    ("optional", ChannelBinding::Optional),
    ("required", ChannelBinding::Required),
];

pub(super) fn read(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    let mut channel_binding = ChannelBinding::default();
    table.set("channel_binding", &mut channel_binding, |field| field.choice(&BINDINGS));
    let router_key = match secret::is_there(table, &ROUTER_KEY) {
        true => Some(router_key(table, context)),
        false => None,
    };
    let users = users(table, context)?;
    let router_key = router_key.map_or(Some(None), |key| key.map(Some))?;
    Some(Auth::Cryptosign(Cryptosign { users, router_key, channel_binding }))
}

fn router_key(table: &Table<'_>, context: &Context<'_>) -> Option<Secret> {
    let key = secret::secret(table, &ROUTER_KEY, context)?;
    match PrivateKey::parse(key.expose()) {
        Ok(_) => Some(key),
        Err(error) => {
            let help = format!("{error}; `crossway keygen cryptosign` makes one");
            table.note(format!("`{}` is no private key", table.path_of(ROUTER_KEY.here)), "here", help);
            None
        }
    }
}

fn users(table: &Table<'_>, context: &Context<'_>) -> Option<Vec<KeyUser>> {
    let example =
        "users = [{ authid = \"joe\", role = \"user\", pubkeys = [\"...64 hexadecimal digits...\"] }]";
    let field = table.require("users", example)?;
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could log in", format!("for example: {example}"));
    }
    let (names, keys) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let users = field.list(|item| item.read(|table| user(table, &names, &keys))?)?;
    unique(&names.into_inner(), "users of a realm", context.notes);
    unique(&keys.into_inner(), "keys of a realm", context.notes);
    Some(users)
}

/// Names, or keys, and where they stand.
type Seen = RefCell<Vec<(String, Span)>>;

fn user(table: &Table<'_>, names: &Seen, keys: &Seen) -> Option<KeyUser> {
    let authid = table.require("authid", "authid = \"joe\"").and_then(|field| {
        let authid = field.text()?;
        names.borrow_mut().push((authid.clone(), field.span()));
        Some(authid)
    });
    let role = table.require("role", "role = \"user\"").and_then(|field| field.text());
    let pubkeys = table.require("pubkeys", "pubkeys = [\"...64 hexadecimal digits...\"]").and_then(|field| {
        if field.is_empty_list() {
            return field.wrong("is empty", "nobody could log in", "add the public key of the user");
        }
        field.list(|field| pubkey(field, keys))
    });
    Some(KeyUser { authid: authid?, role: role?, keys: pubkeys? })
}

fn pubkey(field: &Field<'_>, keys: &Seen) -> Option<PublicKey> {
    match PublicKey::parse(&field.text()?) {
        Ok(key) => {
            keys.borrow_mut().push((key.to_string(), field.span()));
            Some(key)
        }
        Err(error) => field.wrong(
            "is no public key",
            &error.to_string(),
            "allowed: 64 hexadecimal digits, as `crossway keygen cryptosign` prints them",
        ),
    }
}
