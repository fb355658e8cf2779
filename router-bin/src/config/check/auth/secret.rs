//! Secrets, which may stand in the config file, in an environment variable, or in a file of their own.

use super::Context;
use crate::config::checked::Secret;
use crate::config::read::{Field, Table};

/// The three keys of a secret, of which exactly one is used. The first has to be one of those that are never shown:
/// see `tree::secrets`.
pub(in crate::config::check) struct Keys {
    /// The key of the secret itself: `ticket`.
    pub(super) here: &'static str,
    /// Of the name of an environment variable: `ticket_env`.
    pub(super) variable: &'static str,
    /// Of the path of a file: `ticket_file`.
    pub(super) file: &'static str,
}

/// Whether there is a secret, for those that there need not be.
pub(super) fn is_there(table: &Table<'_>, keys: &Keys) -> bool {
    // All three are asked for, so that none of them is unknown.
    [keys.here, keys.variable, keys.file].map(|key| table.get(key).is_some()).contains(&true)
}

impl Keys {
    /// Those of most methods.
    pub(in crate::config::check) const SECRET: Keys =
        Keys { here: "secret", variable: "secret_env", file: "secret_file" };
}

/// A secret that there has to be.
pub(in crate::config::check) fn secret(
    table: &Table<'_>,
    keys: &Keys,
    context: &Context<'_>,
) -> Option<Secret> {
    let Keys { here, variable, file } = keys;
    let help = format!(
        "allowed: exactly one of `{here}`, `{variable}` (the name of an environment variable) and `{file}`"
    );
    match (table.get(here), table.get(variable), table.get(file)) {
        (Some(field), None, None) => field.text().map(Secret::new),
        (None, Some(field), None) => from_variable(&field, context),
        (None, None, Some(field)) => from_file(&field, here, context),
        (None, None, None) => {
            table.note(format!("`{}` is missing", table.path_of(here)), "here", help);
            None
        }
        (first, second, third) => {
            let extra = [third, second, first].into_iter().flatten().next()?;
            extra.wrong(format!("is one {here} too many"), "one more", help)
        }
    }
}

fn from_variable(field: &Field<'_>, context: &Context<'_>) -> Option<Secret> {
    let name = field.text()?;
    match context.environment.get(&name) {
        Some(secret) => Some(Secret::new(secret)),
        None => {
            let help = format!("set {name} in the environment that crossway is started in");
            field.wrong("names an environment variable without a value", "not set, or empty", help)
        }
    }
}

fn from_file(field: &Field<'_>, what: &str, context: &Context<'_>) -> Option<Secret> {
    let path = context.base.join(field.text()?);
    match context.files.text(&path) {
        // Editors end files with a line break that is no part of the secret.
        Ok(text) if !text.trim_end().is_empty() => Some(Secret::new(text.trim_end())),
        Ok(_) => {
            let help = format!("the file has to hold the {what}, and nothing else");
            field.wrong("names an empty file", "nothing in it", help)
        }
        Err(error) => {
            let help = format!("looked at {}", path.display());
            field.wrong("names a file that can't be read", &error.to_string(), help)
        }
    }
}
