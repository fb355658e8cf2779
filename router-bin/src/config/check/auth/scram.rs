//! `{ method = "wamp-scram" }`, and `{ method = "scram" }` for Autobahn's dialect: the client proves that it knows a password.

use crossway_users::{Scram, ScramDialect, ScramKdf, Seed, User, prepared};

use super::secret::{self, Keys};
use super::users::{self, Kind};
use super::{Context, verifier};
use crate::config::checked::Auth;
use crate::config::read::{Field, Table};

const EXAMPLE: &str = "[{ authid = \"joe\", secret_env = \"JOE_PASSWORD\", role = \"user\" }]";

pub(super) fn specified(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    let kind = Kind {
        list: "users",
        example: EXAMPLE,
        with: |user, table, context| with(SPEC, user, table, context),
    };
    users::read(table, &kind, context).map(|users| Auth::Scram { dialect: SPEC, users })
}

pub(super) fn autobahn(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    let kind = Kind {
        list: "users",
        example: EXAMPLE,
        with: |user, table, context| with(AUTOBAHN, user, table, context),
    };
    users::read(table, &kind, context).map(|users| Auth::Scram { dialect: AUTOBAHN, users })
}

const SPEC: ScramDialect = ScramDialect::Spec;
const AUTOBAHN: ScramDialect = ScramDialect::Autobahn;

fn with(dialect: ScramDialect, user: User, table: &Table<'_>, context: &Context<'_>) -> Option<User> {
    if prepared(user.authid()).as_deref() != Some(user.authid()) {
        table.excuse_unknown();
        let field = table.get("authid")?;
        let help = "clients send it as SASLprep (RFC 4013) has it; so it has to stand here";
        return field.wrong("is no name for SCRAM", "not normalized", help);
    }
    let Some(stored) = table.get("stored_key") else {
        let password = secret::secret(table, &Keys::SECRET, context)?;
        // A new salt with each start, and always that of a user who does not exist: nobody learns who comes or goes. Who wants it
        // to stay keeps the keys instead.
        let salt = Seed::of_process().salt(user.authid());
        let keys = Scram::derive_from(dialect, ScramKdf::ARGON2ID, &salt, password.expose());
        return Some(user.scram(dialect, verifier::checked(&table.get("authid")?, keys)?));
    };
    verifier::one_kind(&stored, table, &Keys::SECRET)?;
    Some(user.scram(dialect, stored_keys(&stored, table)?))
}

fn stored_keys(stored: &Field<'_>, table: &Table<'_>) -> Option<Scram> {
    let kdf = table.require("kdf", "kdf = \"argon2id13\"").and_then(|field| field.text());
    let iterations = verifier::number(table, "iterations", "iterations = 3");
    let memory = match table.get("memory") {
        None => Some(None),
        Some(_) => verifier::number(table, "memory", "memory = 65536").map(Some),
    };
    let salt = table.require("salt", "salt = \"...\", in base64").and_then(|field| field.text());
    let server = table.require("server_key", "server_key = \"...\", in base64");
    let server = server.and_then(|field| verifier::text(&field));
    let kdf = verifier::checked(stored, ScramKdf::new(&kdf?, iterations?, memory?))?;
    let keys = Scram::stored(kdf, &salt?, verifier::text(stored)?.expose(), server?.expose());
    verifier::checked(stored, keys)
}
