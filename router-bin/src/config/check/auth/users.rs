//! Who may log in with a secret: users in the config file, or a file of users beside it. The same for every method.

use std::cell::RefCell;

use crossway_users::{FileOptions, User, Users};

use super::{Context, unique};
use crate::config::checked::{UserSource, UsersFile};
use crate::config::read::{Field, Table};
use crate::config::tree::Span;

/// What a method calls its users, and what it wants of each.
pub(super) struct Kind {
    /// The key of the list.
    pub(super) list: &'static str,
    /// What may stand there.
    pub(super) example: &'static str,
    /// Gives a user what its table says that it logs in with.
    pub(super) with: fn(User, &Table<'_>, &Context<'_>) -> Option<User>,
}

pub(super) fn read(table: &Table<'_>, kind: &Kind, context: &Context<'_>) -> Option<UserSource> {
    let Kind { list, example, .. } = kind;
    match (table.get(list), table.get("users_file")) {
        (Some(_), Some(field)) => {
            let help = format!("allowed: either `{list}` or `users_file`");
            field.wrong("is one too many", "who are the users?", help)
        }
        (None, Some(field)) => file(&field, context).map(UserSource::File),
        (Some(field), None) if field.is_empty_list() => {
            field.wrong("is empty", "nobody could log in", format!("for example: {list} = {example}"))
        }
        (Some(field), None) => listed(&field, kind, context).map(UserSource::Listed),
        (None, None) => {
            let help = format!("for example: {list} = {example}, or users_file = \"users.toml\"");
            table.note(format!("`{}` is missing", table.path_of(list)), "here", help);
            None
        }
    }
}

/// One file serves all that name it, and is looked at once for all of them.
pub(super) fn file(field: &Field<'_>, context: &Context<'_>) -> Option<UsersFile> {
    let path = context.base.join(field.text()?);
    if let Some(known) = context.users_files.borrow().iter().find(|known| known.path == path) {
        return Some(known.clone());
    }
    context.files.looked_after(&path);
    let options = FileOptions { max_bytes: context.auth.max_users_file, ..FileOptions::new(&path) };
    match Users::open(options) {
        Ok(users) => {
            let file = UsersFile { path, users };
            context.users_files.borrow_mut().push(file.clone());
            Some(file)
        }
        Err(error) => {
            let help = "`crossway user add NAME --role ROLE --file FILE` makes such a file";
            field.wrong("names no file of users", &error.to_string(), help)
        }
    }
}

fn listed(field: &Field<'_>, kind: &Kind, context: &Context<'_>) -> Option<Vec<User>> {
    let names = RefCell::new(Vec::new());
    let users = field.list(|item| item.read(|table| user(table, kind, &names, context))?)?;
    unique(&names.into_inner(), "users of a realm", context.notes);
    Some(users)
}

fn user(
    table: &Table<'_>,
    kind: &Kind,
    names: &RefCell<Vec<(String, Span)>>,
    context: &Context<'_>,
) -> Option<User> {
    let authid = table.require("authid", "authid = \"joe\"").and_then(|field| {
        let authid = field.text()?;
        names.borrow_mut().push((authid.clone(), field.span()));
        Some(authid)
    });
    let role = table.require("role", "role = \"user\"").and_then(|field| field.text());
    // Whoever has no name yet may still have a secret with a mistake in it.
    let user = User::new(authid.as_deref().unwrap_or("?"), role.as_deref().unwrap_or("?"));
    let user = (kind.with)(user, table, context);
    authid.and(role).and(user)
}
