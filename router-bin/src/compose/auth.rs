//! Which crate is behind which way of logging in.

use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_core::auth::Authenticator;
use crossway_core::caller::Caller;
use crossway_dynamic::{Dynamic, Procedure};
use crossway_hook::Hook;
use crossway_ticket::Ticket;

use crate::config::{Auth, Decider, Elsewhere, TicketUser};

pub(super) fn authenticator(auth: &Auth) -> Arc<dyn Authenticator> {
    match auth {
        Auth::Anonymous { role } => Arc::new(Anonymous::new(role)),
        Auth::Ticket { users } => Arc::new(ticket(users)),
        Auth::Elsewhere(decided) => Arc::new(elsewhere(decided)),
    }
}

fn ticket(users: &[TicketUser]) -> Ticket {
    let add = |all: Ticket, user: &TicketUser| all.user(&user.authid, user.ticket.expose(), &user.role);
    users.iter().fold(Ticket::new(), add)
}

fn elsewhere(decided: &Elsewhere) -> Dynamic {
    let Elsewhere { method, decider, timeout, max_concurrent, max_cached } = decided;
    let dynamic = match decider {
        Decider::Procedure { uri, realm } => {
            let caller = Caller::new(realm).timeout(*timeout).max_concurrent(*max_concurrent);
            Dynamic::new(method, Procedure::new(caller, uri))
        }
        Decider::Service(options) => Dynamic::new(
            method,
            Hook::new(options).expect("there was one when the configuration was checked"),
        ),
    };
    dynamic.expect("the method was checked").max_cached(*max_cached)
}
