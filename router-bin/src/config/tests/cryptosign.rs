//! `{ method = "cryptosign" }`.

use crossway_cryptosign::{ChannelBinding, PublicKey};

use super::mistakes::{auth, one};
use super::{good, report};
use crate::config::checked::{Auth, Cryptosign, UserSource};
use crate::config::tree::Format;

const KEY: &str = "4a3838f6fe75251e613329d53fc69b262d5eac97fb1d73bebbaed4015b53c862";

fn cryptosign(keys: &str) -> String {
    auth(&format!("[{{ method = \"cryptosign\", {keys} }}]"))
}

fn users(users: &str) -> String {
    cryptosign(&format!("users = [{users}]"))
}

fn user(authid: &str, pubkeys: &str) -> String {
    format!("{{ authid = \"{authid}\", role = \"user\", pubkeys = [{pubkeys}] }}")
}

fn checked(text: &str) -> Cryptosign {
    match &good(text).realms[0].terms.auth[..] {
        [Auth::Cryptosign(checked)] => checked.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn users_have_keys_in_either_case() {
    let joe = user("joe", &format!("\"{}\"", KEY.to_uppercase()));
    let checked = checked(&users(&joe));
    let UserSource::Listed(users) = &checked.users else { panic!("{checked:?}") };
    assert_eq!(users[0].keys(), [*PublicKey::parse(KEY).unwrap().octets()]);
    assert_eq!((checked.channel_binding, checked.router_key), (ChannelBinding::Optional, None));
}

#[test]
fn the_router_may_have_a_key_and_insist_on_channel_binding() {
    let joe = user("joe", &format!("\"{KEY}\""));
    let keys = format!("channel_binding = \"required\", router_key = \"{KEY}\", users = [{joe}]");
    let checked = checked(&cryptosign(&keys));
    assert_eq!(checked.channel_binding, ChannelBinding::Required);
    assert!(checked.router_key.is_some());
}

#[test]
fn keys_have_to_be_keys() {
    let path = "`realm[0].auth[0]";
    one(&auth("[{ method = \"cryptosign\" }]"), &format!("{path}.users` is missing"), "4:9", "pubkeys");
    one(&users(""), "users` is empty", "4:42", "nobody could log in");
    one(&users(&user("joe", "")), "pubkeys` is empty", "4:86", "add the public key");
    one(&users(&user("joe", "\"4a38\"")), "is no public key", "4:87", "crossway keygen cryptosign");
    // Anybody could sign for it.
    let weak = format!("\"01{}\"", "00".repeat(31));
    one(&users(&user("joe", &weak)), "is no public key", "4:87", "that only one can sign with");
}

#[test]
fn a_key_has_one_owner() {
    let key = format!("\"{KEY}\"");
    let two = format!("{}, {}", user("joe", &key), user("ann", &key));
    one(&users(&two), "a key of `realm[0].auth[0].users` is there twice", "4:9", "a key has one user");
    let one_user = format!("{}, {}", user("joe", &key), user("joe", &key.replace('4', "5")));
    one(&users(&one_user), "two users of a realm are called \"joe\"", "4:169", "again here");
}

#[test]
fn the_key_of_the_router_is_never_shown() {
    let joe = user("joe", &format!("\"{KEY}\""));
    let wrong = cryptosign(&format!("router_key = \"sesame\", users = [{joe}]"));
    one(&wrong, "`realm[0].auth[0].router_key` is no private key", "4:9", "crossway keygen cryptosign");
    assert!(!report(Format::Toml, &wrong).contains("sesame"));
}
