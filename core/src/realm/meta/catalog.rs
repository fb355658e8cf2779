//! Every procedure, topic and error of the router, with what can be said of them.
//!
//! Law: this table is what is registered, what arguments are checked against, and what reflection tells.

use super::Realm;
use super::request::{Request, Shape};
use super::{kill, registration, session};
use crate::error::Refusal;
use crate::session::turn::Turn;
use crate::value::Value;

/// A procedure of the router.
pub(super) struct Procedure {
    pub(super) uri: &'static str,
    /// What it does, in a sentence.
    pub(super) about: &'static str,
    /// By position, or by name.
    pub(super) args: &'static [Parameter],
    /// By name only.
    pub(super) kwargs: &'static [Parameter],
    /// What the only positional result is; empty: there is none.
    pub(super) result: &'static str,
    /// Not in a realm that answers questions only.
    pub(super) changes: bool,
    pub(super) run: Run,
}

/// How a procedure runs.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// At once, to its positional results.
    Now(fn(&Realm, &Request<'_>, &mut Turn) -> Result<Vec<Value>, Refusal>),
}

/// An argument.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

const fn needs(name: &'static str, shape: Shape, about: &'static str) -> Parameter {
    Parameter { name, shape, required: true, about }
}

const fn may(name: &'static str, shape: Shape, about: &'static str) -> Parameter {
    Parameter { name, shape, required: false, about }
}

const ROLES: Parameter = may("filter_authroles", Shape::Texts, "only sessions with one of these roles");
const SESSION: Parameter = needs("session", Shape::Id, "a session of the caller's realm");
const FAREWELL: &[Parameter] = &[
    may("reason", Shape::Uri, "GOODBYE.Reason for the killed, wamp.close.killed if absent"),
    may("message", Shape::Text, "a sentence for the killed, in GOODBYE.Details"),
];

const REGISTRATION: Parameter = needs("registration", Shape::Id, "a registration of the caller's realm");
const OPTIONS: Parameter = may("options", Shape::Dict, "match: \"exact\", \"prefix\" or \"wildcard\"");
/// All procedures.
pub(super) static PROCEDURES: &[Procedure] = &[
    Procedure {
        uri: "wamp.session.count",
        about: "How many sessions are in the realm.",
        args: &[ROLES],
        kwargs: &[],
        result: "int",
        changes: false,
        run: Run::Now(session::count),
    },
    Procedure {
        uri: "wamp.session.list",
        about: "The sessions that are in the realm.",
        args: &[ROLES],
        kwargs: &[],
        result: "list[id]",
        changes: false,
        run: Run::Now(session::list),
    },
    Procedure {
        uri: "wamp.session.get",
        about: "Who a session is, and how it is connected.",
        args: &[SESSION],
        kwargs: &[],
        result: "dict: session id, authid, authrole, authmethod, authprovider, transport",
        changes: false,
        run: Run::Now(session::get),
    },
    Procedure {
        uri: "wamp.session.kill",
        about: "Ends a session, but not the caller's own.",
        args: &[SESSION],
        kwargs: FAREWELL,
        result: "",
        changes: true,
        run: Run::Now(kill::kill),
    },
    Procedure {
        uri: "wamp.session.kill_by_authid",
        about: "Ends the sessions of a user, but not the caller's own.",
        args: &[needs("authid", Shape::Text, "the user")],
        kwargs: FAREWELL,
        result: "list[id]",
        changes: true,
        run: Run::Now(kill::kill_by_authid),
    },
    Procedure {
        uri: "wamp.session.kill_by_authrole",
        about: "Ends the sessions with a role, but not the caller's own; tells how many.",
        args: &[needs("authrole", Shape::Text, "the role")],
        kwargs: FAREWELL,
        result: "int",
        changes: true,
        run: Run::Now(kill::kill_by_authrole),
    },
    Procedure {
        uri: "wamp.session.kill_all",
        about: "Ends all sessions but the caller's own, without events and testaments; tells how many.",
        args: &[],
        kwargs: FAREWELL,
        result: "int",
        changes: true,
        run: Run::Now(kill::kill_all),
    },
    Procedure {
        uri: "wamp.registration.list",
        about: "The registrations of clients, by policy.",
        args: &[],
        kwargs: &[],
        result: "dict: exact list[id], prefix list[id], wildcard list[id]",
        changes: false,
        run: Run::Now(registration::list),
    },
    Procedure {
        uri: "wamp.registration.lookup",
        about: "The registration with exactly this procedure and this policy.",
        args: &[needs("procedure", Shape::Text, "a procedure or a pattern"), OPTIONS],
        kwargs: &[],
        result: "id or null",
        changes: false,
        run: Run::Now(registration::lookup),
    },
    Procedure {
        uri: "wamp.registration.match",
        about: "The registration that a call of a procedure goes to.",
        args: &[needs("procedure", Shape::Text, "a procedure")],
        kwargs: &[],
        result: "id or null",
        changes: false,
        run: Run::Now(registration::matching),
    },
    Procedure {
        uri: "wamp.registration.get",
        about: "What a registration is.",
        args: &[REGISTRATION],
        kwargs: &[],
        result: "dict: id, created (RFC 3339), uri, match, invoke",
        changes: false,
        run: Run::Now(registration::get),
    },
    Procedure {
        uri: "wamp.registration.list_callees",
        about: "The sessions of a registration.",
        args: &[REGISTRATION],
        kwargs: &[],
        result: "list[id]",
        changes: false,
        run: Run::Now(registration::callees),
    },
    Procedure {
        uri: "wamp.registration.count_callees",
        about: "How many sessions a registration has.",
        args: &[REGISTRATION],
        kwargs: &[],
        result: "int",
        changes: false,
        run: Run::Now(registration::count),
    },
    Procedure {
        uri: "wamp.registration.remove_callee",
        about: "Takes a registration from a session.",
        args: &[REGISTRATION, SESSION],
        kwargs: &[may("reason", Shape::Uri, "what the session is told")],
        result: "",
        changes: true,
        run: Run::Now(registration::remove),
    },
];

/// The topics of meta events.
pub(super) mod topic {
    pub(in crate::realm::meta) const SESSION_ON_JOIN: &str = "wamp.session.on_join";
    pub(in crate::realm::meta) const SESSION_ON_LEAVE: &str = "wamp.session.on_leave";
    pub(in crate::realm::meta) const SUBSCRIPTION_ON_CREATE: &str = "wamp.subscription.on_create";
    pub(in crate::realm::meta) const SUBSCRIPTION_ON_SUBSCRIBE: &str = "wamp.subscription.on_subscribe";
    pub(in crate::realm::meta) const SUBSCRIPTION_ON_UNSUBSCRIBE: &str = "wamp.subscription.on_unsubscribe";
    pub(in crate::realm::meta) const SUBSCRIPTION_ON_DELETE: &str = "wamp.subscription.on_delete";
    pub(in crate::realm::meta) const REGISTRATION_ON_CREATE: &str = "wamp.registration.on_create";
    pub(in crate::realm::meta) const REGISTRATION_ON_REGISTER: &str = "wamp.registration.on_register";
    pub(in crate::realm::meta) const REGISTRATION_ON_UNREGISTER: &str = "wamp.registration.on_unregister";
    pub(in crate::realm::meta) const REGISTRATION_ON_DELETE: &str = "wamp.registration.on_delete";
}
