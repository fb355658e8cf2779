//! Asking for a secret: without showing it at a terminal, as one line elsewhere.

use std::io::{self, BufRead, IsTerminal, Read};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::file::Failed;

/// The longest secret, in bytes.
const LONGEST: u64 = 4096;

/// The secret, of at least one character. At a terminal it is asked for twice.
pub(super) fn ask(what: &str) -> Result<Zeroizing<String>, Failed> {
    if !io::stdin().is_terminal() {
        return line();
    }
    let first = hidden(&format!("{what}: "))?;
    let second = hidden("Once more: ")?;
    if first == second { Ok(first) } else { Err(Failed::Refused("The two are not the same.".to_owned())) }
}

fn hidden(prompt: &str) -> Result<Zeroizing<String>, Failed> {
    eprint!("{prompt}");
    let echo = NoEcho::begin();
    let answer = line();
    drop(echo);
    eprintln!();
    answer
}

/// One line of standard input without its end.
fn line() -> Result<Zeroizing<String>, Failed> {
    // As long as it may become: what grows leaves its beginnings behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize + 1));
    let read = io::stdin().lock().take(LONGEST + 1).read_line(&mut text);
    read.map_err(|error| Failed::Refused(format!("Can't read the secret: {error}.")))?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    match text.len() as u64 {
        0 => Err(Failed::Refused("There is no secret on standard input.".to_owned())),
        1..=LONGEST => Ok(text),
        _ => Err(Failed::Refused(format!("The secret is longer than {LONGEST} bytes."))),
    }
}

/// As long as it lives, the terminal does not show what is typed.
struct NoEcho(Option<Termios>);

impl NoEcho {
    /// A terminal that can't do that shows what is typed.
    fn begin() -> NoEcho {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &silent);
        }
        NoEcho(before)
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
