//! Which crate is behind which way of logging in.

use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_core::auth::Authenticator;
use crossway_ticket::Ticket;

use crate::config::{Auth, TicketUser};

pub(super) fn authenticator(auth: &Auth) -> Arc<dyn Authenticator> {
    match auth {
        Auth::Anonymous { role } => Arc::new(Anonymous::new(role)),
        Auth::Ticket { users } => Arc::new(ticket(users)),
    }
}

fn ticket(users: &[TicketUser]) -> Ticket {
    let add = |all: Ticket, user: &TicketUser| all.user(&user.authid, user.ticket.expose(), &user.role);
    users.iter().fold(Ticket::new(), add)
}
