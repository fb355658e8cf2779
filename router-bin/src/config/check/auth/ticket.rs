//! `{ method = "ticket" }`: with a shared secret.

use std::cell::RefCell;

use super::secret::{self, Keys};
use super::{Context, unique};
use crate::config::checked::{Auth, TicketUser};
use crate::config::read::Table;
use crate::config::tree::Span;

const TICKET: Keys = Keys { here: "ticket", variable: "ticket_env", file: "ticket_file" };

pub(super) fn read(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
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
    let ticket = secret::secret(table, &TICKET, context);
    Some(TicketUser { authid: authid?, ticket: ticket?, role: role? })
}
