//! `{ method = "ticket" }`: the client shows a secret.

use crossway_users::{Ticket, User};

use super::secret::{self, Keys};
use super::users::{self, Kind};
use super::{Context, verifier};
use crate::config::checked::Auth;
use crate::config::read::Table;

const TICKET: Keys = Keys { here: "ticket", variable: "ticket_env", file: "ticket_file" };

const USERS: Kind = Kind {
    list: "tickets",
    example: "[{ authid = \"joe\", ticket_env = \"JOE_TICKET\", role = \"user\" }]",
    with,
};

pub(super) fn read(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    users::read(table, &USERS, context).map(|users| Auth::Ticket { users })
}

fn with(user: User, table: &Table<'_>, context: &Context<'_>) -> Option<User> {
    let Some(hash) = table.get("hash") else {
        let ticket = secret::secret(table, &TICKET, context)?;
        return Some(user.ticket(Ticket::plain(ticket.expose())));
    };
    verifier::one_kind(&hash, table, &TICKET)?;
    let ticket = Ticket::hashed(verifier::text(&hash)?.expose());
    Some(user.ticket(verifier::checked(&hash, ticket)?))
}
