//! Other programs: run, watched, and stopped when they take too long.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::workspace::Workspace;

const POLL: Duration = Duration::from_millis(20);

/// The cargo that runs us, in the root of the workspace.
pub(crate) fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(arguments).current_dir(&workspace.root).stdin(Stdio::null());
    command
}

/// Runs to the end; what it prints goes to our own output. An error says which program did not run or succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).status().map_err(|error| cannot_run(command, &error))?;
    judge(command, status)
}

/// Runs to the end, passes its lines on as they come, and shows each to `look`.
pub(crate) fn succeed_watched(command: &mut Command, mut look: impl FnMut(&str)) -> Result<(), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_run(command, &error))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            look(&line);
        }
    }
    let status = child.wait().map_err(|error| cannot_run(command, &error))?;
    judge(command, status)
}

/// Runs to the end, or kills it after `limit`.
pub(crate) fn succeed_within(command: &mut Command, limit: Duration) -> Result<(), String> {
    let mut child = command.stdin(Stdio::null()).spawn().map_err(|error| cannot_run(command, &error))?;
    match wait(&mut child, limit) {
        Some(status) => judge(command, status),
        None => {
            stop(&mut child);
            Err(format!("{} did not end within {} seconds", name(command), limit.as_secs()))
        }
    }
}

/// What a program prints, without the white space around; nothing if it is missing or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// Runs to the end; what it said on standard error, which is also what an error ends with.
pub(crate) fn said(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let output = output.map_err(|error| cannot_run(command, &error))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    judge(command, output.status).map_err(|why| format!("{why}\n{said}"))?;
    Ok(said)
}

/// Waits for the end of `child`; nothing if it still runs after `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < end => thread::sleep(POLL),
            _ => return None,
        }
    }
}

/// Ends `child` for certain. It is ours, so an error can only mean that it ended before.
pub(crate) fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn judge(command: &Command, status: ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(format!("{} failed: {status}", name(command))) }
}

fn cannot_run(command: &Command, error: &std::io::Error) -> String {
    format!("{} can't be run: {error}", name(command))
}

/// The program and its first two arguments: enough to find it in the log.
fn name(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let arguments = command.get_args().take(2).map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}
