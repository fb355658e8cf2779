//! Every procedure, topic and error of the router, with what can be said of them.
//!
//! Law: this table is what is registered, what arguments are checked against, and what reflection tells.

use super::Realm;
use super::request::{Request, Shape};
use super::{Reply, authorization, kill, reflection, registration, session, subscription, testament};
use crate::error::Refusal;
use crate::session::turn::Turn;
use crate::uri;
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
    /// After what its caller called before and is not decided yet; perhaps beside others, since what it asks may be far away.
    InTurn(fn(&Realm, &Request<'_>) -> Result<Reply, Refusal>),
}

/// A topic, with what its events carry, or an error.
pub(super) struct Named {
    pub(super) uri: &'static str,
    pub(super) about: &'static str,
    /// Names and types of positional arguments.
    pub(super) args: &'static [&'static str],
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

const REASON: Parameter = may("reason", Shape::Uri, "what the session is told");
const SCOPE: Parameter = may("scope", Shape::Text, "\"detached\" or, if absent, \"destroyed\"");
const SUBSCRIPTION: Parameter = needs("subscription", Shape::Id, "a subscription of the caller's realm");
const REGISTRATION: Parameter = needs("registration", Shape::Id, "a registration of the caller's realm");
const OPTIONS: Parameter = may("options", Shape::Dict, "match: \"exact\", \"prefix\" or \"wildcard\"");
const LIMIT: Parameter = may("limit", Shape::Any, "the most events that are wanted");
const HISTORY: &[Parameter] = &[
    may("reverse", Shape::Any, "whether the newest come first"),
    may("from_time", Shape::Any, "not before this time (RFC 3339)"),
    may("after_time", Shape::Any, "behind this time"),
    may("before_time", Shape::Any, "before this time"),
    may("until_time", Shape::Any, "not behind this time"),
    may("topic", Shape::Any, "only of this topic"),
    may("from_publication", Shape::Any, "not before this publication"),
    may("after_publication", Shape::Any, "behind this publication"),
    may("before_publication", Shape::Any, "before this publication"),
    may("until_publication", Shape::Any, "not behind this publication"),
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
        uri: "wamp.authorization.invalidate",
        about: "Makes all sessions forget what they remember of what they may do. Not in the specification.",
        args: &[],
        kwargs: &[],
        result: "",
        changes: true,
        run: Run::Now(authorization::invalidate),
    },
    Procedure {
        uri: "wamp.session.add_testament",
        about: "Leaves a publication for when the caller's session is gone.",
        args: &[
            needs("topic", Shape::Uri, "where it will be published"),
            may("args", Shape::List, "its arguments"),
            may("kwargs", Shape::Dict, "its keyword arguments"),
        ],
        kwargs: &[may("publish_options", Shape::Dict, "PUBLISH.Options"), SCOPE],
        result: "",
        changes: true,
        run: Run::InTurn(testament::add),
    },
    Procedure {
        uri: "wamp.session.flush_testaments",
        about: "Forgets the testaments of one scope of the caller's session.",
        args: &[],
        kwargs: &[SCOPE],
        result: "",
        changes: true,
        run: Run::InTurn(testament::flush),
    },
    Procedure {
        uri: "wamp.subscription.list",
        about: "The subscriptions of clients, by policy.",
        args: &[],
        kwargs: &[],
        result: "dict: exact list[id], prefix list[id], wildcard list[id]",
        changes: false,
        run: Run::Now(subscription::list),
    },
    Procedure {
        uri: "wamp.subscription.lookup",
        about: "The subscription with exactly this topic and this policy.",
        args: &[needs("topic", Shape::Text, "a topic or a pattern"), OPTIONS],
        kwargs: &[],
        result: "id or null",
        changes: false,
        run: Run::Now(subscription::lookup),
    },
    Procedure {
        uri: "wamp.subscription.match",
        about: "The subscriptions that get what is published to a topic.",
        args: &[needs("topic", Shape::Text, "a topic")],
        kwargs: &[],
        result: "list[id] or null",
        changes: false,
        run: Run::Now(subscription::matching),
    },
    Procedure {
        uri: "wamp.subscription.get",
        about: "What a subscription is.",
        args: &[SUBSCRIPTION],
        kwargs: &[],
        result: "dict: id, created (RFC 3339), uri, match",
        changes: false,
        run: Run::Now(subscription::get),
    },
    Procedure {
        uri: "wamp.subscription.list_subscribers",
        about: "The sessions of a subscription.",
        args: &[SUBSCRIPTION],
        kwargs: &[],
        result: "list[id]",
        changes: false,
        run: Run::Now(subscription::subscribers),
    },
    Procedure {
        uri: "wamp.subscription.count_subscribers",
        about: "How many sessions a subscription has.",
        args: &[SUBSCRIPTION],
        kwargs: &[],
        result: "int",
        changes: false,
        run: Run::Now(subscription::count),
    },
    Procedure {
        uri: "wamp.subscription.remove_subscriber",
        about: "Takes a subscription from a session.",
        args: &[SUBSCRIPTION, SESSION, REASON],
        kwargs: &[],
        result: "",
        changes: true,
        run: Run::Now(subscription::remove),
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
        args: &[REGISTRATION, SESSION, REASON],
        kwargs: &[],
        result: "",
        changes: true,
        run: Run::Now(registration::remove),
    },
    Procedure {
        uri: "wamp.subscription.get_events",
        about: "Events that were published over a subscription and are kept.",
        args: &[SUBSCRIPTION, LIMIT],
        kwargs: HISTORY,
        result: "list[dict]: timestamp, subscription, publication, details, args, kwargs",
        changes: false,
        run: Run::InTurn(subscription::get_events),
    },
    Procedure {
        uri: "wamp.reflection.procedure.list",
        about: "Every procedure that the router itself provides.",
        args: &[],
        kwargs: &[],
        result: "list[uri]",
        changes: false,
        run: Run::Now(reflection::list_procedures),
    },
    Procedure {
        uri: "wamp.reflection.procedure.describe",
        about: "What can be said of one procedure of the router.",
        args: &[needs("uri", Shape::Text, "its URI")],
        kwargs: &[],
        result: "dict: uri, description, and what it takes and gives",
        changes: false,
        run: Run::Now(reflection::describe_procedure),
    },
    Procedure {
        uri: "wamp.reflection.topic.list",
        about: "Every topic that the router itself provides.",
        args: &[],
        kwargs: &[],
        result: "list[uri]",
        changes: false,
        run: Run::Now(reflection::list_topics),
    },
    Procedure {
        uri: "wamp.reflection.topic.describe",
        about: "What can be said of one topic of the router.",
        args: &[needs("uri", Shape::Text, "its URI")],
        kwargs: &[],
        result: "dict: uri, description, and what it takes and gives",
        changes: false,
        run: Run::Now(reflection::describe_topic),
    },
    Procedure {
        uri: "wamp.reflection.error.list",
        about: "Every error that the router itself provides.",
        args: &[],
        kwargs: &[],
        result: "list[uri]",
        changes: false,
        run: Run::Now(reflection::list_errors),
    },
    Procedure {
        uri: "wamp.reflection.error.describe",
        about: "What can be said of one error of the router.",
        args: &[needs("uri", Shape::Text, "its URI")],
        kwargs: &[],
        result: "dict: uri, description, and what it takes and gives",
        changes: false,
        run: Run::Now(reflection::describe_error),
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

const fn named(uri: &'static str, about: &'static str, args: &'static [&'static str]) -> Named {
    Named { uri, about, args }
}

/// All topics.
pub(super) static TOPICS: &[Named] = &[
    named(topic::SESSION_ON_JOIN, "A session has joined.", &["details: dict"]),
    named(
        topic::SESSION_ON_LEAVE,
        "A session has left.",
        &["session: id", "authid: string", "authrole: string"],
    ),
    named(
        topic::SUBSCRIPTION_ON_CREATE,
        "A subscription exists from now on.",
        &["session: id", "details: dict"],
    ),
    named(
        topic::SUBSCRIPTION_ON_SUBSCRIBE,
        "A session has subscribed.",
        &["session: id", "subscription: id"],
    ),
    named(
        topic::SUBSCRIPTION_ON_UNSUBSCRIBE,
        "A session has a subscription no more.",
        &["session: id", "subscription: id"],
    ),
    named(
        topic::SUBSCRIPTION_ON_DELETE,
        "A subscription is gone with its last subscriber.",
        &["session: id", "subscription: id"],
    ),
    named(
        topic::REGISTRATION_ON_CREATE,
        "A registration exists from now on.",
        &["session: id", "details: dict"],
    ),
    named(topic::REGISTRATION_ON_REGISTER, "A session has registered.", &["session: id", "registration: id"]),
    named(
        topic::REGISTRATION_ON_UNREGISTER,
        "A session has a registration no more.",
        &["session: id", "registration: id"],
    ),
    named(
        topic::REGISTRATION_ON_DELETE,
        "A registration is gone with its last callee.",
        &["session: id", "registration: id"],
    ),
];

/// All errors.
pub(super) static ERRORS: &[Named] = &[
    named(uri::INVALID_URI, "A URI breaks the rules, or is reserved.", &[]),
    named(uri::NO_SUCH_PROCEDURE, "Nobody has registered the procedure.", &[]),
    named(uri::PROCEDURE_ALREADY_EXISTS, "Somebody has registered the procedure.", &[]),
    named(uri::NO_SUCH_REGISTRATION, "There is no such registration, or the session does not hold it.", &[]),
    named(uri::NO_SUCH_SUBSCRIPTION, "There is no such subscription, or the session does not hold it.", &[]),
    named(uri::NO_SUCH_SESSION, "There is no such session in the realm.", &[]),
    named(uri::INVALID_ARGUMENT, "Arguments are wrong, or can't be told to the receiver.", &[]),
    named(uri::CANCELED, "The call was canceled, or its callee has left.", &[]),
    named(uri::PAYLOAD_SIZE_EXCEEDED, "The message is longer than the receiver accepts.", &[]),
    named(uri::PROTOCOL_VIOLATION, "The peer broke the protocol.", &[]),
    named(uri::OPTION_NOT_ALLOWED, "The router does not grant an option.", &[]),
    named(uri::DISCLOSE_ME_DISALLOWED, "The realm does not disclose who publishes or calls.", &[]),
    named(uri::UNAVAILABLE, "The callee can't take the call at the moment.", &[]),
    named(uri::NO_AVAILABLE_CALLEE, "No callee can take the call at the moment.", &[]),
    named(uri::TIMEOUT, "The call took too long.", &[]),
    named(uri::FEATURE_NOT_SUPPORTED, "The other side does not have a feature that the message uses.", &[]),
    named(uri::NOT_AUTHORIZED, "The session may not do that.", &[]),
    named(uri::AUTHORIZATION_FAILED, "Nobody could say whether the session may do that.", &[]),
    named(uri::NO_SUCH_REALM, "There is no such realm.", &[]),
    named(uri::NO_MATCHING_AUTH_METHOD, "Router and client have no authentication method in common.", &[]),
    named(uri::AUTHENTICATION_DENIED, "Credentials were wrong.", &[]),
    named(uri::AUTHENTICATION_FAILED, "Authentication broke down.", &[]),
    named(uri::AUTHENTICATION_REQUIRED, "The realm does not let anonymous clients in.", &[]),
    named(uri::LIMIT_EXCEEDED, "A limit of the router was reached; the message says which.", &[]),
    named(uri::NO_SUCH_TOPIC, "Reflection was asked for a topic that is not the router's.", &[]),
    named(uri::NO_SUCH_ERROR, "Reflection was asked for an error that is not the router's.", &[]),
];
