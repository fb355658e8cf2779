//! What permissions cost: `cargo xtask bench permissions [ROUNDS] [WORD]...`.
//!
//! The rows of the table, against two routers of the same build by turns: one that is open, and one where a role may do what
//! it does because a rule says so, among many rules that are about something else.

use std::fmt::Write;

use super::contender::Contender;
use super::table::{ROWS, Request, measure, prepared};
use crate::workspace::Workspace;

/// Rules that are about something else.
const OTHERS: usize = 100;

pub(super) fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), String> {
    let Request { rounds, words } = Request::read(arguments);
    let folder = prepared(workspace)?;
    let contenders = [
        Contender::crossway(workspace, &folder, "open", "")?,
        Contender::crossway(workspace, &folder, "with permissions", &role())?,
    ];
    println!(
        "CPU s per million, medians of {rounds} rounds by turns: open, with {} permissions, ratio",
        OTHERS + 1
    );
    for row in ROWS.iter().filter(|row| row.is_wanted(&words)) {
        match measure(workspace, row, &contenders, rounds).as_slice() {
            [Some(open), Some(ruled)] => {
                println!("{:<45} {:8.3} {:8.3} {:6.2}", row.name, open.cpu, ruled.cpu, ruled.cpu / open.cpu);
            }
            _ => println!("{:<45} something was lost, wrong or refused", row.name),
        }
    }
    Ok(())
}

/// A role that may do what `crossway bench` does.
fn role() -> String {
    let mut text = String::from("[[realm.role]]\nname = \"anonymous\"\n");
    let mut permission = |uri: &str, policy: &str| {
        let all = "allow = [\"call\", \"register\", \"publish\", \"subscribe\"]";
        write!(text, "[[realm.role.permission]]\nuri = \"{uri}\"\nmatch = \"{policy}\"\n{all}\n")
    };
    // Writing into a String does not fail.
    let _ = permission("crossway.bench.", "prefix");
    for number in 0..OTHERS {
        let _ = match number % 3 {
            0 => permission(&format!("com.example.app{number}.list"), "exact"),
            1 => permission(&format!("com.example.app{number}."), "prefix"),
            _ => permission(&format!("com..app{number}"), "wildcard"),
        };
    }
    text
}
