//! `{ method = "ticket", procedure = "..." }` and `{ method = "ticket", url = "..." }`: somebody else decides.

use crossway_dynamic::Dynamic;
use crossway_hook::{Bearer, Hook, HookOptions};

use super::Context;
use super::secret::{self, Keys};
use crate::config::check::asked;
use crate::config::check::settings::{COUNT, bytes, number};
use crate::config::checked::{Auth, Decider, Elsewhere};
use crate::config::read::{Field, Table};

const BEARER: Keys = Keys { here: "bearer", variable: "bearer_env", file: "bearer_file" };

/// Whether a way of logging in says that somebody else decides.
pub(super) fn is_meant(table: &Table<'_>) -> bool {
    table.get("procedure").is_some() || table.get("url").is_some()
}

pub(super) fn read(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    let method = table.require("method", "method = \"ticket\"").and_then(|field| field.text());
    let mut max_cached = Dynamic::MAX_CACHED;
    table.set("max_cached", &mut max_cached, number(0..=COUNT));
    let decider = match (table.get("procedure"), table.get("url")) {
        (Some(_), Some(url)) => {
            return url.wrong("is one too many", "who decides?", "allowed: either `procedure` or `url`");
        }
        (Some(_), _) => asked::read(table, context).map(Decider::Procedure),
        (None, Some(url)) => service(&url, table, context).map(Decider::Service),
        (None, None) => None,
    };
    Some(Auth::Elsewhere(Elsewhere { method: method?, decider: decider?, max_cached }))
}

fn service(url: &Field<'_>, table: &Table<'_>, context: &Context<'_>) -> Option<HookOptions> {
    let (timeout, max_concurrent) = asked::bounds(table);
    let mut options = HookOptions { timeout, max_concurrent, ..HookOptions::new(url.text()?) };
    table.set("max_answer", &mut options.max_answer, bytes);
    if [BEARER.here, BEARER.variable, BEARER.file].iter().any(|key| table.get(key).is_some()) {
        options.bearer = Some(Bearer::new(secret::secret(table, &BEARER, context)?.expose()));
    }
    let ca = table.get("ca");
    if let Some(field) = &ca {
        let path = context.base.join(field.text()?);
        match context.files.octets(&path) {
            Ok(pem) => options.ca = Some(pem.to_vec()),
            Err(error) => {
                let help = format!("looked at {}", path.display());
                return field.wrong("names a file that can't be read", &error.to_string(), help);
            }
        }
    }
    match Hook::new(&options) {
        Ok(_) => Some(options),
        Err(error) => {
            let help = "for example: url = \"https://auth.example.com/decide\", ca = \"ca.pem\"";
            url.wrong("names a service that can't be asked", &error.to_string(), help)
        }
    }
}
