//! `{ method = "anonymous" }`: without credentials.

use super::Context;
use crate::config::checked::Auth;
use crate::config::read::{Field, Table};

pub(super) fn read(table: &Table<'_>, _: &Context<'_>) -> Option<Auth> {
    let mut role = "anonymous".to_string();
    table.set("role", &mut role, Field::text);
    Some(Auth::Anonymous { role })
}
