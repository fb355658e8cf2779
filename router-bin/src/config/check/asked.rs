//! `procedure`, `realm`, `timeout`, `max_concurrent`: a procedure that the router asks before it decides.

use std::time::Duration;

use crossway_core::caller::Caller;
use crossway_core::uri::{self, UriRule};

use super::Context;
use super::settings::{COUNT, number};
use crate::config::checked::{Asked, Mention};
use crate::config::read::Table;

const NO_PROCEDURE: &str = "is no procedure that could be asked";
const EXAMPLE: &str = "allowed: a URI such as `com.example.decide`";

/// The whole of it.
pub(super) fn read(table: &Table<'_>, context: &Context<'_>) -> Option<Asked> {
    let (timeout, max_concurrent) = bounds(table);
    let uri = table.require("procedure", "procedure = \"com.example.decide\"").and_then(|field| {
        let uri = field.text()?;
        match UriRule::Loose.check(&uri) {
            Ok(()) if !uri::is_reserved(&uri) => Some(uri),
            Ok(()) => field.wrong(NO_PROCEDURE, "below `wamp.` nobody can register one", EXAMPLE),
            Err(error) => field.wrong(NO_PROCEDURE, &error.to_string(), EXAMPLE),
        }
    });
    let realm = table.require("realm", "realm = \"admin\", where the procedure is registered");
    let realm = realm.and_then(|field| {
        let name = field.text()?;
        let (span, path) = (field.span(), field.path.clone());
        context.mentions.borrow_mut().push(Mention { realm: name.clone(), span, path });
        Some(name)
    });
    Some(Asked { uri: uri?, realm: realm?, timeout, max_concurrent })
}

/// How long an answer may take, and how many are waited for at a time.
pub(super) fn bounds(table: &Table<'_>) -> (Duration, usize) {
    let (mut timeout, mut max_concurrent) = (Caller::TIMEOUT, Caller::MAX_CONCURRENT);
    table.set("timeout", &mut timeout, |field| {
        field.duration(Duration::from_millis(1)..=Duration::from_secs(3600))
    });
    table.set("max_concurrent", &mut max_concurrent, number(1..=COUNT));
    (timeout, max_concurrent)
}
