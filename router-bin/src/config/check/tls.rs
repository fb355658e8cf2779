//! `tls` of a listener: certificates, ours and those of clients.

use std::path::{Path, PathBuf};

use crossway_tls::{ClientCertificates, MinVersion};

use super::Context;
use crate::config::checked::{Address, Tls};
use crate::config::read::{Field, Table};

/// Reads the files as well, the way the listener will.
pub(super) fn tls(field: &Field<'_>, address: Option<&Address>, context: &Context<'_>) -> Option<Tls> {
    if matches!(address, Some(Address::Unix { .. })) {
        return field.wrong(
            "goes with `tcp` only",
            "no meaning here",
            "a Unix socket is protected by its `mode`",
        );
    }
    let mark = context.files.mark();
    field.read(|table| {
        let cert = table.require("cert", "cert = \"server.pem\"").and_then(|field| readable(&field, context));
        let key = table.require("key", "key = \"server.key\"").and_then(|field| readable(&field, context));
        let mut min_version = MinVersion::Tls12;
        table.set("min_version", &mut min_version, |field| {
            field.choice(&[("1.2", MinVersion::Tls12), ("1.3", MinVersion::Tls13)])
        });
        let clients = clients(table, context);
        let fingerprint = context.files.fingerprint(None, mark);
        usable(field, Tls { cert: cert?, key: key?, min_version, clients: clients?, fingerprint })
    })?
}

/// The outer `None` is a mistake, the inner one nothing.
#[expect(clippy::option_option, reason = "a mistake is not an absence")]
fn clients(table: &Table<'_>, context: &Context<'_>) -> Option<Option<ClientCertificates>> {
    let mut required = false;
    table.set("client_cert", &mut required, |field| field.choice(&[("optional", false), ("required", true)]));
    let Some(authorities) = table.get("client_ca") else {
        for key in ["client_cert", "client_crl"] {
            if let Some(field) = table.get(key) {
                let help =
                    "add client_ca = \"ca.pem\", the authorities that sign the certificates of clients";
                return field.wrong("goes with `client_ca` only", "no meaning here", help);
            }
        }
        return Some(None);
    };
    let authorities = readable(&authorities, context);
    let revoked = table.get("client_crl").map(|field| readable(&field, context));
    let revoked = match revoked {
        Some(path) => Some(path?),
        None => None,
    };
    Some(Some(ClientCertificates { revoked, required, ..ClientCertificates::new(authorities?) }))
}

/// Reads certificate and key the way the listener will, and forgets them again.
fn usable(field: &Field<'_>, tls: Tls) -> Option<Tls> {
    match crossway_tls::Tls::new(tls.options(), ()) {
        Ok(_) => Some(tls),
        Err(error) => {
            let help = "wanted: a certificate chain and its private key, both in PEM format";
            field.wrong("can't be used", &error.to_string(), help)
        }
    }
}

fn readable(field: &Field<'_>, context: &Context<'_>) -> Option<PathBuf> {
    let path = context.base.join(field.text()?);
    match context.files.octets(&path) {
        Ok(_) => Some(path),
        Err(_) if path.is_dir() => field.wrong("is not a file", "something else is there", looked_at(&path)),
        Err(error) => field.wrong("can't be read", &error.to_string(), looked_at(&path)),
    }
}

fn looked_at(path: &Path) -> String {
    format!("wanted: a PEM file; looked at {}", path.display())
}
