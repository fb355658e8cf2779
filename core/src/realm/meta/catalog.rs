//! Every procedure, topic and error of the router, with what can be said of them.
//!
//! Law: this table is what is registered, what arguments are checked against, and what reflection tells.

use super::Realm;
use super::request::{Request, Shape};
use super::{kill, session};
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
    pub(super) run: fn(&Realm, &Request<'_>, &mut Turn) -> Result<Vec<Value>, Refusal>,
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

/// All procedures.
pub(super) static PROCEDURES: &[Procedure] = &[
    Procedure {
        uri: "wamp.session.count",
        about: "How many sessions are in the realm.",
        args: &[ROLES],
        kwargs: &[],
        result: "int",
        changes: false,
        run: session::count,
    },
    Procedure {
        uri: "wamp.session.list",
        about: "The sessions that are in the realm.",
        args: &[ROLES],
        kwargs: &[],
        result: "list[id]",
        changes: false,
        run: session::list,
    },
    Procedure {
        uri: "wamp.session.get",
        about: "Who a session is, and how it is connected.",
        args: &[SESSION],
        kwargs: &[],
        result: "dict: session id, authid, authrole, authmethod, authprovider, transport",
        changes: false,
        run: session::get,
    },
    Procedure {
        uri: "wamp.session.kill",
        about: "Ends a session, but not the caller's own.",
        args: &[SESSION],
        kwargs: FAREWELL,
        result: "",
        changes: true,
        run: kill::kill,
    },
    Procedure {
        uri: "wamp.session.kill_by_authid",
        about: "Ends the sessions of a user, but not the caller's own.",
        args: &[needs("authid", Shape::Text, "the user")],
        kwargs: FAREWELL,
        result: "list[id]",
        changes: true,
        run: kill::kill_by_authid,
    },
    Procedure {
        uri: "wamp.session.kill_by_authrole",
        about: "Ends the sessions with a role, but not the caller's own; tells how many.",
        args: &[needs("authrole", Shape::Text, "the role")],
        kwargs: FAREWELL,
        result: "int",
        changes: true,
        run: kill::kill_by_authrole,
    },
    Procedure {
        uri: "wamp.session.kill_all",
        about: "Ends all sessions but the caller's own, without events and testaments; tells how many.",
        args: &[],
        kwargs: FAREWELL,
        result: "int",
        changes: true,
        run: kill::kill_all,
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
