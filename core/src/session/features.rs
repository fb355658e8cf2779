//! What a client said in HELLO that it can do, and what this router says in WELCOME.
//!
//! Law: announced is what works, and nothing else (FEAT-10).

use crate::error::Violation;
use crate::realm::MetaApi;
use crate::value::{Dict, Value};

/// The features of a client that change how it is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// The callee takes INTERRUPT.
    pub(crate) callee_canceling: bool,
    /// The callee can send progressive results.
    pub(crate) callee_progressive_results: bool,
    /// The callee takes progressive invocations.
    pub(crate) callee_progressive_invocations: bool,
    /// The callee ends calls that take too long.
    pub(crate) callee_timeout: bool,
    /// The callee answers `wamp.error.unavailable` where another callee may be asked.
    pub(crate) callee_reroute: bool,
    /// The callee takes UNREGISTERED that it did not ask for.
    pub(crate) callee_revocation: bool,
    /// The callee knows payload passthru mode.
    pub(crate) callee_ppt: bool,
    /// The caller makes progressive calls.
    pub(crate) caller_progressive_invocations: bool,
    /// The caller forgets a call when it cancels it, and takes an answer for a violation. See [`AUTOBAHN_JS`].
    pub(crate) caller_forgets: bool,
    /// The caller knows payload passthru mode.
    pub(crate) caller_ppt: bool,
    /// The publisher knows payload passthru mode.
    pub(crate) publisher_ppt: bool,
    /// The subscriber takes UNSUBSCRIBED that it did not ask for.
    pub(crate) subscriber_revocation: bool,
}

const ROLES: [&str; 4] = ["publisher", "subscriber", "caller", "callee"];

impl Features {
    /// Reads `HELLO.Details.roles`.
    ///
    /// # Errors
    /// No roles at all, or something that is not shaped as the specification says (SESS-07, SESS-08).
    pub(crate) fn from_hello(details: &Dict) -> Result<Self, Violation> {
        let roles = match details.get("roles") {
            Some(Value::Dict(roles)) => roles,
            Some(_) => return Err(Violation::new("HELLO.Details.roles has to be a dictionary")),
            None => return Err(Violation::new("HELLO.Details.roles is missing")),
        };
        if !ROLES.iter().any(|role| roles.get(role).is_some()) {
            return Err(Violation::new(
                "HELLO.Details.roles names none of publisher, subscriber, caller and callee",
            ));
        }
        for role in ROLES {
            check_role(role, roles.get(role))?;
        }
        let callee = |feature| has(roles, "callee", feature);
        let ppt = |role| has(roles, role, "payload_passthru_mode");
        Ok(Features {
            // The specification spells it both ways (FEAT-09).
            callee_canceling: callee("call_canceling") || callee("call_cancelling"),
            callee_progressive_results: callee("progressive_call_results"),
            callee_progressive_invocations: callee("progressive_call_invocations"),
            callee_timeout: callee("call_timeout"),
            callee_reroute: callee("call_reroute"),
            callee_revocation: callee("registration_revocation"),
            callee_ppt: ppt("callee"),
            caller_progressive_invocations: has(roles, "caller", "progressive_call_invocations"),
            caller_forgets: is_autobahn_js(details, roles),
            caller_ppt: ppt("caller"),
            publisher_ppt: ppt("publisher"),
            // autobahn-python announces it, and closes its connection on UNSUBSCRIBED that it did not ask for. It is known by a
            // feature that no specification has.
            subscriber_revocation: has(roles, "subscriber", "subscription_revocation")
                && !has(roles, "subscriber", "payload_transparency"),
        })
    }
}

/// What autobahn-js announces, the same in all its versions for years. It does not say who it is. Unless the mode is `kill`, it
/// closes its connection when a CANCEL is answered, as the specification has it.
const AUTOBAHN_JS: [(&str, &[&str]); 4] = [
    ("publisher", &["publisher_identification", "subscriber_blackwhite_listing", "publisher_exclusion"]),
    ("subscriber", &["publisher_identification", "pattern_based_subscription", "subscription_revocation"]),
    ("caller", &["caller_identification", "call_canceling", "progressive_call_results"]),
    (
        "callee",
        &[
            "caller_identification",
            "pattern_based_registration",
            "shared_registration",
            "progressive_call_results",
            "registration_revocation",
        ],
    ),
];

/// Exactly these features and no `agent`: whoever differs in the least is treated by the letter.
fn is_autobahn_js(details: &Dict, roles: &Dict) -> bool {
    let alike = |(role, names): &(&str, &[&str])| {
        let features = roles.get(role).and_then(Value::as_dict).and_then(|role| role.get("features"));
        features.and_then(Value::as_dict).is_some_and(|features| features.len() == names.len())
            && names.iter().all(|name| has(roles, role, name))
    };
    details.get("agent").is_none() && AUTOBAHN_JS.iter().all(alike)
}

fn check_role(role: &str, value: Option<&Value>) -> Result<(), Violation> {
    let features = match value {
        None => return Ok(()),
        Some(Value::Dict(role)) => role.get("features"),
        Some(_) => return Err(Violation::new(format!("HELLO.Details.roles.{role} has to be a dictionary"))),
    };
    match features {
        None | Some(Value::Dict(_)) => Ok(()),
        Some(_) => Err(Violation::new(format!("HELLO.Details.roles.{role}.features has to be a dictionary"))),
    }
}

fn has(roles: &Dict, role: &str, feature: &str) -> bool {
    let features = roles.get(role).and_then(Value::as_dict).and_then(|role| role.get("features"));
    features.and_then(Value::as_dict).and_then(|features| features.get(feature)) == Some(&Value::Bool(true))
}

/// The roles without their features: a short `WELCOME.Details.roles`.
pub(crate) fn roles_of_router() -> Dict {
    Dict::new().with("broker", Dict::new()).with("dealer", Dict::new())
}

/// `WELCOME.Details.roles`, where this much of the meta API is open.
pub(crate) fn of_router(meta: MetaApi) -> Dict {
    let open = |name: &&&str| match **name {
        // Others than procedures of the meta API take no subscription away.
        "testament_meta_api" | "subscription_revocation" => meta == MetaApi::Full,
        "event_history" => meta != MetaApi::Off,
        name => meta != MetaApi::Off || !name.ends_with("_meta_api"),
    };
    let all = |names: &[&str]| -> Dict { names.iter().filter(open).map(|name| (*name, true)).collect() };
    let broker = all(&[
        "subscriber_blackwhite_listing",
        "publisher_exclusion",
        "publisher_identification",
        "publication_trustlevels",
        "pattern_based_subscription",
        "subscription_meta_api",
        "session_meta_api",
        "event_history",
        "event_retention",
        "subscription_revocation",
        // As the specification spells it, and as it means it (PS-SHARD-03).
        "shareded_subscriptions",
        "sharded_subscription",
        "payload_passthru_mode",
    ]);
    let dealer = all(&[
        "progressive_call_results",
        "progressive_call_invocations",
        "call_timeout",
        "call_canceling",
        "caller_identification",
        "call_trustlevels",
        "registration_meta_api",
        "session_meta_api",
        "testament_meta_api",
        "pattern_based_registration",
        "shared_registration",
        "sharded_registration",
        "registration_revocation",
        "call_reroute",
        "payload_passthru_mode",
    ]);
    let role = |features: Dict| match meta {
        MetaApi::Off => Dict::new().with("features", features),
        // Not a feature, but beside them (REFL-02).
        _ => Dict::new().with("features", features).with("reflection", true),
    };
    Dict::new().with("broker", role(broker)).with("dealer", role(dealer))
}
