//! `{ method = "cookie" }`: who has logged in before. What is said of the cookies stands in `[cookie]`.

use super::Context;
use crate::config::checked::Auth;
use crate::config::read::Table;

pub(super) fn read(_: &Table<'_>, _: &Context<'_>) -> Option<Auth> {
    Some(Auth::Cookie)
}
