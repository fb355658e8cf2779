//! Every example says what it promises.

use std::process::Command;

/// Runs a program; it has to succeed, and to print these pieces in this order.
fn prints(program: &str, pieces: &[&str]) {
    let output = Command::new(program).output().expect("the program was built with this test");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{program}: {text}{}", String::from_utf8_lossy(&output.stderr));
    let mut rest = &*text;
    for piece in pieces {
        let at = rest.find(piece).unwrap_or_else(|| panic!("{program} has to print {piece:?} next:\n{text}"));
        rest = &rest[at + piece.len()..];
    }
}

#[test]
fn in_process() {
    prints(
        env!("CARGO_BIN_EXE_in_process"),
        &[
            "bob hears",
            "rain",
            "degrees",
            "11",
            "17 / 5 =",
            "3",
            "rest",
            "2",
            "17 / 0: com.example.error.zero",
        ],
    );
}

#[test]
fn embed() {
    prints(
        env!("CARGO_BIN_EXE_embed"),
        &["listening on 127.0.0.1", "over TCP hears", "hello", "ended", "wamp.close.system_shutdown"],
    );
}

#[test]
fn custom_authenticator() {
    prints(
        env!("CARGO_BIN_EXE_custom_authenticator"),
        &[
            "ada may join as neighbour",
            "wamp.error.authentication_denied",
            "wamp.error.authentication_required",
        ],
    );
}

#[test]
fn custom_authorizer() {
    prints(
        env!("CARGO_BIN_EXE_custom_authorizer"),
        &["ada's roses are", "in bloom", "bob cuts ada's roses: wamp.error.not_authorized"],
    );
}

#[test]
fn dynamic_authenticator() {
    prints(
        env!("CARGO_BIN_EXE_dynamic_authenticator"),
        &[
            "ada is a countess",
            "a guess: the router refused: wamp.error.authentication_denied",
            "ada may publish notes",
            "ada and secrets: wamp.error.not_authorized",
        ],
    );
}

#[test]
fn custom_event_store() {
    prints(
        env!("CARGO_BIN_EXE_custom_event_store"),
        &["monday: 1 known", "rain on monday", "tuesday: 2 known", "rain on monday", "rain on tuesday"],
    );
}

#[test]
fn custom_serializer() {
    prints(
        env!("CARGO_BIN_EXE_custom_serializer"),
        &[
            "- 16",
            "acknowledge: true",
            "Text(\"yes\"), Int(-1), Float(0.5), Null",
            "yaml",
            "grüße",
            "msgpack",
        ],
    );
}

#[test]
fn custom_transport() {
    prints(env!("CARGO_BIN_EXE_custom_transport"), &["echo through a pipe", "hello", "has let go"]);
}
