//! `{ method = "wampcra" }`: the client signs with a secret, or with a key that is derived from it.

use crossway_users::{Salting, User, WampCra};

use super::secret::{self, Keys};
use super::users::{self, Kind};
use super::{Context, verifier};
use crate::config::checked::Auth;
use crate::config::read::Table;

const USERS: Kind = Kind {
    list: "users",
    example: "[{ authid = \"joe\", secret_env = \"JOE_SECRET\", role = \"user\" }]",
    with,
};

pub(super) fn read(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    users::read(table, &USERS, context).map(|users| Auth::WampCra { users })
}

fn with(user: User, table: &Table<'_>, context: &Context<'_>) -> Option<User> {
    let Some(key) = table.get("derived_key") else {
        let secret = secret::secret(table, &Keys::SECRET, context)?;
        return Some(user.wampcra(WampCra::plain(secret.expose())));
    };
    verifier::one_kind(&key, table, &Keys::SECRET)?;
    let salt =
        table.require("salt", "salt = \"...\", as the key was derived with").and_then(|field| field.text());
    let iterations = verifier::number(table, "iterations", "iterations = 100000");
    let keylen = verifier::number(table, "keylen", "keylen = 32");
    let salting = Salting { salt: salt?, iterations: iterations?, keylen: keylen? };
    let derived = WampCra::salted(salting, verifier::text(&key)?.expose());
    Some(user.wampcra(verifier::checked(&key, derived)?))
}
