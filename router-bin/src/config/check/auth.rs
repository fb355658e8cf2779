//! `auth` of a realm: the ways of logging in. One file for each method, all of one shape.

mod anonymous;
mod certificate;
mod cookie;
mod cryptosign;
mod elsewhere;
mod jwt;
mod scram;
pub(super) mod secret;
mod ticket;
mod users;
mod verifier;
mod wampcra;

use std::cell::RefCell;

use super::{Context, unique};
use crate::config::checked::Auth;
use crate::config::read::{Field, Table};

/// What may stand there.
pub(super) const EXAMPLE: &str = "[{ method = \"anonymous\", role = \"anonymous\" }]";

/// Reads what belongs to one method. Which keys that are depends on the method.
type Read = fn(&Table<'_>, &Context<'_>) -> Option<Auth>;

const METHODS: [(&str, Read); 9] = [
    ("anonymous", anonymous::read),
    ("ticket", ticket::read),
    ("tls", certificate::read),
    ("cookie", cookie::read),
    ("wampcra", wampcra::read),
    ("wamp-scram", scram::specified),
    ("scram", scram::autobahn),
    ("cryptosign", cryptosign::read),
    ("jwt", jwt::read),
];

/// The methods that a listener allows. Any name will do, since somebody else may decide about methods of any name; those that
/// no realm has are told by the warnings.
pub(super) fn allowed(field: &Field<'_>) -> Option<Vec<String>> {
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could log in", "for example: auth = [\"ticket\"]");
    }
    field.list(|item| item.text())
}

/// The methods of a realm, each once.
pub(super) fn methods(field: &Field<'_>, context: &Context<'_>) -> Option<Vec<Auth>> {
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could join", format!("for example: {EXAMPLE}"));
    }
    let seen = RefCell::new(Vec::<String>::new());
    field.list(|item| {
        let auth = item.read(|table| method(table, context))??;
        if seen.borrow().iter().any(|known| known == auth.method()) {
            return item.wrong(
                "names a method again",
                "second time",
                "each method may be used once in a realm",
            );
        }
        seen.borrow_mut().push(auth.method().to_owned());
        Some(auth)
    })
}

fn method(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    if elsewhere::is_meant(table) {
        return elsewhere::read(table, context);
    }
    let kind = table.require("method", "method = \"anonymous\"");
    let read = kind.and_then(|field| field.choice(&METHODS)).or_else(|| {
        // Without the method nobody knows which keys belong here; to call them unknown would be wrong.
        table.excuse_unknown();
        None
    })?;
    read(table, context)
}
