//! `{ method = "tls" }`: with a certificate, which the listener has asked for and verified.

use crossway_certificate::{Property, Rule};

use super::{Context, users};
use crate::config::checked::Auth;
use crate::config::read::{Field, Table};

const EXAMPLE: &str =
    "certificates = [{ cn = \"backend.example.com\", authid = \"backend\", role = \"service\" }]";

pub(super) fn read(table: &Table<'_>, context: &Context<'_>) -> Option<Auth> {
    let (listed, file) = (table.get("certificates"), table.get("users_file"));
    if listed.is_none() && file.is_none() {
        let help = format!("for example: {EXAMPLE}, or users_file = \"users.toml\"");
        table.note(format!("`{}` is missing", table.path_of("certificates")), "here", help);
        return None;
    }
    let rules = listed.map_or(Some(Vec::new()), |field| rules(&field));
    let users = match file {
        Some(field) => Some(users::file(&field, context)?),
        None => None,
    };
    Some(Auth::Certificate { rules: rules?, users })
}

fn rules(field: &Field<'_>) -> Option<Vec<Rule>> {
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could log in", format!("for example: {EXAMPLE}"));
    }
    field.list(|item| item.read(|table| rule(item, table))?)
}

/// By at most one property; without any, all that were verified are meant.
fn rule(item: &Field<'_>, table: &Table<'_>) -> Option<Rule> {
    let role = table.require("role", "role = \"service\"").and_then(|field| field.text());
    let authid = table.get("authid").map(|field| field.text());
    let mut properties = PROPERTIES.iter().filter_map(|(key, read)| Some((table.get(key)?, read)));
    let property = match (properties.next(), properties.next()) {
        (None, _) => Some(Property::Any),
        (Some((field, read)), None) => read(&field),
        (Some(_), Some(_)) => {
            let help = "allowed: one of `fingerprint`, `cn`, `dns`, `email` and `uri`, or none for all that were verified";
            return item.wrong("knows a certificate by two properties", "one is enough", help);
        }
    };
    // So that no key is unknown, whatever else is wrong.
    properties.count();
    let authid = match authid {
        Some(authid) => Some(authid?),
        None => None,
    };
    Some(Rule { property: property?, authid, role: role? })
}

type ReadProperty = fn(&Field<'_>) -> Option<Property>;

const PROPERTIES: [(&str, ReadProperty); 5] = [
    ("fingerprint", fingerprint),
    ("cn", |field| field.text().map(Property::CommonName)),
    ("dns", |field| field.text().map(Property::Dns)),
    ("email", |field| field.text().map(Property::Email)),
    ("uri", |field| field.text().map(Property::Uri)),
];

fn fingerprint(field: &Field<'_>) -> Option<Property> {
    let text = field.text()?;
    text.parse().ok().map(Property::Fingerprint).or_else(|| {
        let help = "wanted: 64 hexadecimal digits, as `openssl x509 -in cert.pem -noout -fingerprint -sha256` prints them";
        field.wrong("is no SHA-256 fingerprint", "this is none", help)
    })
}
