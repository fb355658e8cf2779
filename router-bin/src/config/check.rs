//! From the tree to the checked configuration: one file for each part of the config file.

mod asked;
mod auth;
mod cookie;
mod listener;
mod realm;
mod role;
mod rules;
mod settings;
mod tls;
mod warnings;

pub(super) use self::settings::POLICIES;

use std::cell::RefCell;
use std::path::Path;

use super::checked::{AuthLimits, Config, Mention, UsersFile};
use super::diagnostics::{Mistake, Notes};
use super::environment::Environment;
use super::files::Files;
use super::read::{self, Table};
use super::tree::{Node, Span};

/// What the checks need to know beside the tree.
struct Context<'a> {
    notes: &'a Notes,
    /// Where relative paths begin.
    base: &'a Path,
    environment: &'a Environment,
    /// The files that were named so far.
    files: &'a Files,
    auth: AuthLimits,
    /// Files of users that were named so far.
    users_files: RefCell<Vec<UsersFile>>,
    /// Realms that were named before all of them were known.
    mentions: RefCell<Vec<Mention>>,
}

/// Reads and checks everything. What is wrong goes into `notes`; if there is anything, the result is not to be used.
/// Nothing is called strange as long as something is wrong.
pub(super) fn config(
    root: &Node,
    notes: &Notes,
    base: &Path,
    environment: &Environment,
    files: &Files,
) -> Option<Config> {
    let config = read::root(root, notes, |table| {
        let auth = table.section("auth", settings::auth);
        let (users_files, mentions) = (RefCell::default(), RefCell::default());
        whole(table, &Context { notes, base, environment, files, auth, users_files, mentions })
    })?;
    if notes.is_usable() {
        warnings::all(&config, notes);
    }
    Some(config)
}

fn whole(table: &Table<'_>, context: &Context<'_>) -> Config {
    let protocol = table.section("protocol", settings::protocol);
    let limits = table.section("limits", settings::limits);
    let realms = realm::realms(table, protocol.uri, context);
    let listeners = listener::listeners(table, &realms, context);
    Config {
        realms: realms.fixed,
        auto_create: realms.auto_create,
        auth: context.auth,
        cookie: table.section("cookie", |section| cookie::cookie(section, context)),
        listeners,
        limits,
        protocol,
        grace: table.section("shutdown", settings::grace),
        log: table.section("log", settings::log),
        reload: table.section("reload", settings::reload),
        workers: table.section("runtime", settings::workers),
    }
}

/// Notes every name that appears twice, with both places.
fn unique(names: &[(String, Span)], what: &str, notes: &Notes) {
    for (index, (name, span)) in names.iter().enumerate() {
        if let Some((_, first)) = names[..index].iter().find(|(other, _)| other == name) {
            notes.add(
                Mistake::new(format!("two {what} are called \"{name}\""))
                    .at(*span, "again here")
                    .at(*first, "first here")
                    .help("names have to differ"),
            );
        }
    }
}
