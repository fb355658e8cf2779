//! What is in a users file.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::decoy::Seed;
use crate::hex;
use crate::prepared;
use crate::roster::Roster;
use crate::user::User;
use crate::verifier::{Salting, Scram, ScramDialect, ScramKdf, Ticket, VerifierError, WampCra};

/// Reads the text of a users file:
///
/// ```toml
/// seed = "c2VlZCBmb3IgdXNlcnMgd2hvIGFyZSBub3QgdGhlcmU="   # keeps the salts of those who do not exist
///
/// [user.joe]
/// role = "frontend"
/// ticket = { hash = "$argon2id$v=19$m=19456,t=2,p=1$..." }                       # or { secret = "..." }
/// wampcra = { salt = "...", iterations = 100000, keylen = 32, derived_key = "..." }  # or { secret = "..." }
/// wamp-scram = { kdf = "argon2id13", iterations = 3, memory = 65536, salt = "...", stored_key = "...", server_key = "..." }
/// scram = { kdf = "argon2id-13", iterations = 3, memory = 65536, salt = "...", stored_key = "...", server_key = "..." }
/// cryptosign = ["545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122"]
/// certificate = ["2f6f...64 digits: SHA-256 of the certificate"]
/// ```
///
/// Each method is optional; their names are those of HELLO. What `crossway user` writes looks like this.
///
/// # Errors
/// The line of the first mistake, from 1, and what it is. Nothing of a value is shown.
pub fn read(text: &str) -> Result<Roster, (usize, String)> {
    document(text).map_err(|(at, what)| {
        let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
        (before.iter().filter(|octet| **octet == b'\n').count() + 1, what)
    })
}

/// An offset in the text, and what is wrong there.
type Mistake = (usize, String);

type Value<'a> = Spanned<DeValue<'a>>;

fn document(text: &str) -> Result<Roster, Mistake> {
    let root = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (at, format!("no valid TOML: {}", error.message().trim()))
    })?;
    let root = Table::new(root.get_ref(), 0);
    root.allow(&["seed", "user"])?;
    let seed = match root.get("seed") {
        None => Seed::of_process(),
        Some(value) => seed(value)?,
    };
    let mut roster = Roster::new(seed);
    let mut owned = HashSet::new();
    let users = root.get("user").map(|value| table(value, "user")).transpose()?;
    let mut users: Vec<_> = users.iter().flat_map(|users| users.entries.iter()).collect();
    // The parser sorts by name; people look for the first mistake that they wrote.
    users.sort_by_key(|(authid, _)| authid.span().start);
    for (authid, value) in users {
        let user = user(authid.get_ref(), value)?;
        let keys = user.keys.iter().map(|key| ("cryptosign", *key));
        let certificates = user.certificates.iter().map(|fingerprint| ("certificate", *fingerprint));
        for (kind, key) in keys.chain(certificates) {
            if !owned.insert((kind, key)) {
                let what =
                    format!("user {:?} has an entry in `{kind}` that was there before", authid.get_ref());
                return Err((value.span().start, what));
            }
        }
        roster.add(user);
    }
    Ok(roster)
}

fn seed(value: &Value<'_>) -> Result<Seed, Mistake> {
    let octets = STANDARD.decode(text(value, "seed")?).ok();
    octets
        .and_then(|octets| Seed::from_octets(&octets))
        .ok_or_else(|| (value.span().start, "`seed` has to be base64 of at least 16 octets".to_owned()))
}

fn user(authid: &str, value: &Value<'_>) -> Result<User, Mistake> {
    let table = table(value, authid)?;
    let scrams = [ScramDialect::Spec, ScramDialect::Autobahn];
    table.allow(&["role", "ticket", "wampcra", "wamp-scram", "scram", "cryptosign", "certificate"])?;
    if authid.is_empty() || authid.len() > MAX_NAME {
        return Err((table.at, format!("a user's name has 1 to {MAX_NAME} octets")));
    }
    let role = table.text("role")?;
    if role.is_empty() || role.len() > MAX_NAME {
        return Err((table.at, format!("the role of {authid:?} has 1 to {MAX_NAME} octets")));
    }
    let mut user = User::new(authid, role);
    if let Some(value) = table.get("ticket") {
        user = user.ticket(ticket(value)?);
    }
    if let Some(value) = table.get("wampcra") {
        user = user.wampcra(wampcra(value)?);
    }
    for dialect in scrams {
        if let Some(value) = table.get(dialect.method()) {
            // Clients send the name as RFC 4013 has it, or may.
            if prepared(authid).as_deref() != Some(authid) {
                let what = format!(
                    "{authid:?} can't log in with {}: the name is not as SASLprep has it",
                    dialect.method()
                );
                return Err((value.span().start, what));
            }
            user = user.scram(dialect, scram(value, dialect.method())?);
        }
    }
    for key in octets(&table, "cryptosign")? {
        user = user.key(key);
    }
    for fingerprint in octets(&table, "certificate")? {
        user = user.certificate(fingerprint);
    }
    Ok(user)
}

/// The longest name of a user or a role.
const MAX_NAME: usize = 1024;

fn ticket(value: &Value<'_>) -> Result<Ticket, Mistake> {
    let table = table(value, "ticket")?;
    table.allow(&["hash", "secret"])?;
    match (table.get("hash"), table.get("secret")) {
        (Some(hash), None) => Ticket::hashed(text(hash, "hash")?).map_err(at(hash, "ticket")),
        (None, Some(_)) => table.secret().map(Ticket::plain),
        _ => Err((table.at, "`ticket` has either `hash` or `secret`".to_owned())),
    }
}

fn wampcra(value: &Value<'_>) -> Result<WampCra, Mistake> {
    let table = table(value, "wampcra")?;
    if table.get("secret").is_some() {
        table.allow(&["secret"])?;
        return table.secret().map(WampCra::plain);
    }
    table.allow(&["salt", "iterations", "keylen", "derived_key"])?;
    let (iterations, keylen) = (table.number("iterations")?, table.number("keylen")?);
    let salting = Salting { salt: table.text("salt")?.to_owned(), iterations, keylen };
    WampCra::salted(salting, table.text("derived_key")?).map_err(at(value, "wampcra"))
}

fn scram(value: &Value<'_>, name: &str) -> Result<Scram, Mistake> {
    let table = table(value, name)?;
    table.allow(&["kdf", "iterations", "memory", "salt", "stored_key", "server_key"])?;
    let memory = table.get("memory").map(|_| table.number("memory")).transpose()?;
    let kdf = ScramKdf::new(table.text("kdf")?, table.number("iterations")?, memory);
    let kdf = kdf.map_err(at(value, name))?;
    let [salt, stored, server] = ["salt", "stored_key", "server_key"].map(|key| table.text(key));
    Scram::stored(kdf, salt?, stored?, server?).map_err(at(value, name))
}

/// A list of 32 octets each, in hexadecimal digits.
fn octets(table: &Table<'_, '_>, name: &'static str) -> Result<Vec<[u8; 32]>, Mistake> {
    let Some(value) = table.get(name) else { return Ok(Vec::new()) };
    let wrong =
        |at: &Value<'_>| (at.span().start, format!("`{name}` is a list of texts with 64 hexadecimal digits"));
    let items = value.get_ref().as_array().ok_or_else(|| wrong(value))?;
    items
        .iter()
        .map(|item| item.get_ref().as_str().and_then(hex::decode).ok_or_else(|| wrong(item)))
        .collect()
}

/// A table and where it begins.
struct Table<'a, 'text> {
    entries: &'a DeTable<'text>,
    at: usize,
}

fn table<'a, 'text>(value: &'a Value<'text>, name: &str) -> Result<Table<'a, 'text>, Mistake> {
    match value.get_ref() {
        DeValue::Table(entries) => Ok(Table::new(entries, value.span().start)),
        _ => Err((value.span().start, format!("`{name}` has to be a table"))),
    }
}

fn text<'a>(value: &'a Value<'_>, name: &str) -> Result<&'a str, Mistake> {
    value.get_ref().as_str().ok_or_else(|| (value.span().start, format!("`{name}` has to be text in quotes")))
}

/// A mistake that a verifier has found.
fn at(value: &Value<'_>, name: &str) -> impl FnOnce(VerifierError) -> Mistake {
    let (at, name) = (value.span().start, name.to_owned());
    move |error| (at, format!("`{name}` {error}"))
}

impl<'a, 'text> Table<'a, 'text> {
    fn new(entries: &'a DeTable<'text>, at: usize) -> Self {
        Table { entries, at }
    }

    fn get(&self, key: &str) -> Option<&'a Value<'text>> {
        self.entries.get(key)
    }

    fn require(&self, key: &str) -> Result<&'a Value<'text>, Mistake> {
        self.get(key).ok_or_else(|| (self.at, format!("`{key}` is missing")))
    }

    fn text(&self, key: &str) -> Result<&'a str, Mistake> {
        text(self.require(key)?, key)
    }

    /// A plain secret, which has to be there.
    fn secret(&self) -> Result<&'a str, Mistake> {
        match self.text("secret")? {
            "" => Err((self.at, "`secret` is empty".to_owned())),
            secret => Ok(secret),
        }
    }

    fn number(&self, key: &str) -> Result<u32, Mistake> {
        let value = self.require(key)?;
        let number = value.get_ref().as_integer();
        let number = number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        number.ok_or_else(|| (value.span().start, format!("`{key}` has to be a whole number")))
    }

    /// Other keys are slips.
    fn allow(&self, keys: &[&str]) -> Result<(), Mistake> {
        match self.entries.keys().find(|key| !keys.contains(&&**key.get_ref())) {
            None => Ok(()),
            Some(key) => {
                let what = format!("`{}` is not known here; allowed: {}", key.get_ref(), keys.join(", "));
                Err((key.span().start, what))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";

    /// A user with a body of its own, behind two lines of others.
    fn joe(body: &str) -> Result<Roster, (usize, String)> {
        read(&format!("# users\n[user.joe]\nrole = \"user\"\n{body}\n"))
    }

    #[test]
    fn everything_that_a_user_may_have_is_read() {
        let salted = Salting { salt: "salt".into(), iterations: 10, keylen: 32 };
        let key = WampCra::derive("secret", &salted).unwrap();
        let scram =
            Scram::derive(ScramDialect::Spec, ScramKdf::Pbkdf2 { iterations: 4096 }, "secret").unwrap();
        let [stored, server] = scram.keys();
        let scram = format!(
            r#"{{ kdf = "pbkdf2", iterations = 4096, salt = "{}", stored_key = "{}", server_key = "{}" }}"#,
            scram.salt(),
            *stored,
            *server
        );
        let hash =
            Ticket::hash("secret", crate::Argon2Cost { memory: 32, iterations: 1, parallelism: 2 }).unwrap();
        let body = format!(
            r#"
            ticket = {{ hash = "{hash}" }}
            wampcra = {{ salt = "salt", iterations = 10, keylen = 32, derived_key = "{}" }}
            wamp-scram = {scram}
            scram = {scram}
            cryptosign = ["{KEY}"]
            certificate = ["{KEY}"]
            [user.bob]
            role = "admin"
            ticket.secret = "secret"
            wampcra = {{ secret = "secret" }}"#,
            *key
        );
        let roster = joe(&body).unwrap();
        assert_eq!(roster.len(), 2);
        let key = hex::decode(KEY).unwrap();
        assert_eq!(roster.by_key(&key).unwrap().identity().authid, "joe");
        assert_eq!(&*roster.by_certificate(&key).unwrap().role, "user");
        assert_eq!(roster.wampcra("joe").verifier.salting(), Some(&salted));
        assert_eq!(roster.wampcra("bob").verifier.salting(), None);
        assert_eq!(roster.scram(ScramDialect::Spec, "joe").claimed().identity().authrole, "user");
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_without_a_secret() {
        for (body, line, about) in [
            ("ticket = \"hunter2\"", 4, "`ticket` has to be a table"),
            ("\nticket = { secret = 5 }", 5, "`secret` has to be text"),
            ("ticket = { secret = \"\" }", 4, "empty"),
            ("ticket = { secret = \"hunter2\", hash = \"hunter2\" }", 4, "either"),
            ("ticket = { hash = \"hunter2\" }", 4, "$argon2id$"),
            (
                "ticket = { hash = \"$argon2id$v=19$m=9999999,t=1,p=1$c2FsdHNhbHQ$aHVudGVyMmh1bnRlcjJodW50\" }",
                4,
                "costs more",
            ),
            ("wampcra = { secret = \"hunter2\", salt = \"x\" }", 4, "`salt` is not known here"),
            (
                "wampcra = { salt = \"x\", iterations = 0, keylen = 32, derived_key = \"aHVudGVyMg==\" }",
                4,
                "0 iterations",
            ),
            (
                "wampcra = { salt = \"x\", iterations = 1, keylen = 32, derived_key = \"aHVudGVyMg==\" }",
                4,
                "7 octets",
            ),
            (
                "wampcra = { salt = \"x\", iterations = 1, keylen = 32, derived_key = \"hunter2\" }",
                4,
                "not base64",
            ),
            ("scram = { kdf = \"hunter2\", iterations = 1 }", 4, "unknown `kdf`"),
            ("wamp-scram = { kdf = \"argon2id13\", iterations = 1 }", 4, "needs `memory`"),
            ("wamp-scram = { kdf = \"pbkdf2\", iterations = 1000 }", 4, "at least 4096"),
            ("cryptosign = [\"hunter2\"]", 4, "64 hexadecimal digits"),
            ("password = \"hunter2\"", 4, "`password` is not known here; allowed: role, ticket"),
            ("ticket = { secret = \"hunter2 }", 4, "no valid TOML"),
            ("role = \"again\"", 4, "no valid TOML"),
            ("[user.bob]", 4, "`role` is missing"),
            ("[users.bob]", 4, "`users` is not known here; allowed: seed, user"),
        ] {
            let (at, what) = joe(body).unwrap_err();
            assert_eq!((at, what.contains(about)), (line, true), "{body}: line {at}: {what}");
            assert!(!what.contains("hunter2"), "{what}");
        }
        let (line, what) =
            joe(&format!("cryptosign = [\"{KEY}\"]\n[user.bob]\nrole = \"x\"\ncryptosign = [\"{KEY}\"]"))
                .unwrap_err();
        assert!(line >= 4 && what.contains("there before"), "{line} {what}");
    }

    #[test]
    fn who_is_not_normal_has_no_scram() {
        let (_, what) = read("[user.\"\u{2168}\"]\nrole = \"x\"\nscram = {}").unwrap_err();
        assert!(what.contains("SASLprep"), "{what}");
        assert!(read("[user.\"\u{2168}\"]\nrole = \"x\"\nticket = { secret = \"x\" }").is_ok());
    }

    #[test]
    fn strangers_stay_the_same_when_the_file_is_read_again() {
        let users = "[user.joe]\nrole = \"user\"\n";
        let salt = |text: &str| read(text).unwrap().scram(ScramDialect::Spec, "nobody").verifier.salt();
        assert_eq!(salt(users), salt(&users.replace("joe", "sue")), "in one process");
        let seeded = format!("seed = \"{}\"\n{users}", STANDARD.encode([7; 16]));
        assert_eq!(salt(&seeded), salt(&seeded));
        assert_ne!(salt(&seeded), salt(users));
    }

    proptest! {
        #[test]
        fn whatever_stands_in_it_reading_ends(text in "(\\[user\\.[a-z]\\]|role|ticket|hash|=|\\{|\\}|\"|\n|\\PC|\\$argon2id\\$v=19\\$m=[0-9]{1,9},t=1,p=1\\$){0,40}") {
            if let Err((line, _)) = read(&text) {
                prop_assert!(line >= 1 && line <= text.matches('\n').count() + 1);
            }
        }
    }
}
