//! `{ method = "cryptosign" }`: with a private key, of which the router knows the public one.

use std::collections::HashSet;

use crossway_cryptosign::{ChannelBinding, PrivateKey, PublicKey};
use crossway_users::User;

use super::Context;
use super::secret::{self, Keys};
use super::users::{self, Kind};
use crate::config::checked::{Auth, Cryptosign, Secret, UserSource};
use crate::config::read::{Field, Table};

const ROUTER_KEY: Keys = Keys { here: "router_key", variable: "router_key_env", file: "router_key_file" };

const USERS: Kind = Kind {
    list: "users",
    example: "[{ authid = \"joe\", role = \"user\", pubkeys = [\"...64 hexadecimal digits...\"] }]",
    with,
};

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
    let users = users::read(table, &USERS, context).and_then(|users| distinct(users, table))?;
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

fn with(user: User, table: &Table<'_>, _: &Context<'_>) -> Option<User> {
    let field = table.require("pubkeys", "pubkeys = [\"...64 hexadecimal digits...\"]")?;
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could log in", "add the public key of the user");
    }
    let keys = field.list(pubkey)?;
    Some(keys.iter().fold(user, |user, key| user.key(*key.octets())))
}

fn pubkey(field: &Field<'_>) -> Option<PublicKey> {
    match PublicKey::parse(&field.text()?) {
        Ok(key) => Some(key),
        Err(error) => {
            let help = "allowed: 64 hexadecimal digits, as `crossway keygen cryptosign` prints them";
            field.wrong("is no public key", &error.to_string(), help)
        }
    }
}

/// A key says who somebody is, so it can't be two.
fn distinct(users: UserSource, table: &Table<'_>) -> Option<UserSource> {
    let UserSource::Listed(listed) = &users else { return Some(users) };
    let mut owned = HashSet::new();
    if listed.iter().flat_map(User::keys).all(|key| owned.insert(*key)) {
        return Some(users);
    }
    let what = format!("a key of `{}` is there twice", table.path_of(USERS.list));
    table.note(what, "here", "a key has one user; give each of them one of their own".to_owned());
    None
}
