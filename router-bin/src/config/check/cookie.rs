//! `[cookie]`: the cookies by which listeners know HTTP clients again.

use std::time::Duration;

use crossway_cookie::{CookieOptions, SameSite};
use zeroize::Zeroizing;

use super::Context;
use super::auth::secret::{self, Keys};
use super::settings::{COUNT, number};
use crate::config::read::{Field, Table};

const SAME_SITE: [(&str, SameSite); 3] =
    [("strict", SameSite::Strict), ("lax", SameSite::Lax), ("none", SameSite::None)];

pub(super) fn cookie(table: &Table<'_>, context: &Context<'_>) -> CookieOptions {
    let mut options = CookieOptions::default();
    table.set("name", &mut options.name, name);
    table
        .set("keys", &mut options.keys, |field| field.list(|item| item.read(|table| key(table, context))?));
    let minute = Duration::from_secs(60);
    table.set("max_age", &mut options.max_age, |field| field.duration(minute..=365 * 24 * 60 * minute));
    table.set("same_site", &mut options.same_site, |field| field.choice(&SAME_SITE));
    table.set("max_logins", &mut options.max_logins, number(1..=COUNT));
    options
}

fn name(field: &Field<'_>) -> Option<String> {
    let name = field.text()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=64).contains(&name.len()) && name.chars().all(plain) {
        return Some(name);
    }
    field.wrong(
        "is no name for a cookie",
        "this is none",
        "allowed: letters, digits, `-` and `_`, up to 64 of them",
    )
}

fn key(table: &Table<'_>, context: &Context<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let key = secret::secret(table, &Keys::SECRET, context)?;
    if key.expose().len() >= 32 {
        return Some(Zeroizing::new(key.expose().as_bytes().to_vec()));
    }
    let help = "wanted: 32 characters or more, such as `openssl rand -hex 32` prints them".to_owned();
    table.note(format!("`{}` is too short for a key", table.path_of("secret")), "here", help);
    None
}
