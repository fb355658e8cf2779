//! The conformance suite of WebSocket, `autobahntestsuite`, against the example `websocket_echo`.
//!
//! Some five hundred cases: framing, fragments, UTF-8, closing, limits, compression. The suite wants Python 2.7, which few
//! systems still have; where it or a compiler for its packages is missing, the step is skipped and says so.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{install, python};
use crate::process::{cargo, output, stop, succeed, succeed_within};
use crate::step::{Outcome, Tally};
use crate::workspace::Workspace;

/// For the whole suite, which takes seven minutes on two cores.
const LIMIT: Duration = Duration::from_secs(1800);
/// How the report calls what is good enough. NON-STRICT: as allowed, though another way is recommended.
const GOOD: [&str; 3] = ["OK", "NON-STRICT", "INFORMATIONAL"];
/// Compression has some two hundred cases of a thousand messages each, which take most of the time. The first four of each kind
/// are quick; up to 18 the messages get longer.
const COMPRESSION: [&str; 2] = ["12.*", "13.*"];
const LONG: RangeInclusive<u8> = 5..=18;

/// Which cases are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cases {
    All,
    Quick,
}

pub(super) fn run(workspace: &Workspace, cases: Cases) -> Outcome {
    let wstest = match prepare(workspace) {
        Ok(wstest) => wstest,
        Err(why) => return Outcome::Skipped(why),
    };
    let mut tally = Tally::default();
    let result = Echo::start(workspace).and_then(|echo| suite(workspace, &wstest, echo, cases, &mut tally));
    Outcome::counted(tally, result)
}

fn suite(
    workspace: &Workspace,
    wstest: &Path,
    mut echo: Echo,
    cases: Cases,
    tally: &mut Tally,
) -> Result<(), String> {
    let folder = workspace.interop().join("websocket-report");
    // What an earlier run left must not count.
    let _ = fs::remove_dir_all(&folder);
    let (spec, log) = (folder.join("spec.json"), folder.join("log"));
    let long = COMPRESSION.iter().flat_map(|kind| LONG.map(move |case| format!("{kind}.{case}")));
    let left_out: Vec<String> = long.filter(|_| cases == Cases::Quick).collect();
    let told = json!({
        "outdir": folder,
        "servers": [{ "agent": "crossway", "url": echo.url }],
        "cases": ["*"], "exclude-cases": left_out, "exclude-agent-cases": {},
    });
    let log_file = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&spec, told.to_string()))
        .and_then(|()| File::create(&log))
        .map_err(|error| format!("can't write into {}: {error}", folder.display()))?;
    let mut suite = Command::new(wstest);
    suite.args(["-m", "fuzzingclient", "-s"]).arg(&spec).stdout(log_file);
    succeed_within(&mut suite, LIMIT)?;
    if let Ok(Some(status)) = echo.child.try_wait() {
        return Err(format!("websocket_echo ended during the run: {status}"));
    }
    let index = install::read(&folder.join("index.json"))?;
    let failed = judge(&index, tally)?;
    println!("{} cases passed; the report: {}", tally.passed, folder.join("index.html").display());
    failed.iter().for_each(|case| println!("  FAILED {case}"));
    if tally.passed == 0 { Err("no case ran".to_string()) } else { Ok(()) }
}

/// Counts the cases of a report; returns those that failed.
fn judge(index: &str, tally: &mut Tally) -> Result<Vec<String>, String> {
    let index: Value = serde_json::from_str(index).map_err(|error| format!("the report: {error}"))?;
    let cases = index.get("crossway").and_then(Value::as_object).ok_or("the report has no cases")?;
    let mut failed = Vec::new();
    for (case, result) in cases {
        let verdict = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or("nothing");
        let (behaviour, close) = (verdict("behavior"), verdict("behaviorClose"));
        if GOOD.contains(&behaviour) && GOOD.contains(&close) {
            tally.passed += 1;
        } else {
            tally.failed += 1;
            failed.push(format!("{case}: {behaviour}, closing {close}"));
        }
    }
    Ok(failed)
}

/// The program under test. Dropped, it is killed.
struct Echo {
    child: Child,
    url: String,
}

impl Echo {
    fn start(workspace: &Workspace) -> Result<Self, String> {
        let example = ["--package", "crossway-examples", "--bin", "websocket_echo"];
        succeed(cargo(workspace, &["build", "--release"]).args(example))?;
        let mut child = Command::new(workspace.target.join("release/websocket_echo"))
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("can't start websocket_echo: {error}"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            // What can't be read is no address, either.
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let url = line.trim().strip_prefix("echo at ").map(str::to_owned);
        let mut echo = Self { child, url: String::new() };
        echo.url = url.ok_or_else(|| format!("websocket_echo says {line:?} instead of its address"))?;
        Ok(echo)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Installs the suite; returns its program.
fn prepare(workspace: &Workspace) -> Result<PathBuf, String> {
    let old = find()?;
    let from = workspace.root.join("tests/interop/websocket");
    let (tools, requirements) = (from.join("tools.txt"), from.join("requirements.txt"));
    let lock = format!("{}\n{}{}", old.display(), install::read(&tools)?, install::read(&requirements)?);
    let folder = workspace.interop().join("websocket");
    let (new_venv, old_venv) = (folder.join("tools"), folder.join("suite"));
    install::once(&folder, &lock, || {
        succeed(Command::new(python::find()?).args(["-m", "venv"]).arg(&new_venv))?;
        let new = new_venv.join("bin/python");
        succeed(pip(&new).args(["--only-binary", ":all:", "--requirement"]).arg(&tools))?;
        let virtualenv = ["-m", "virtualenv", "--quiet", "--python"];
        succeed(Command::new(&new).args(virtualenv).arg(&old).arg(&old_venv))?;
        // Some packages have to be built, for which pip says a lot that concerns nobody.
        succeed(
            pip(&old_venv.join("bin/python")).arg("--requirement").arg(&requirements).stderr(Stdio::null()),
        )
    })
    .map_err(|why| format!("The WebSocket suite can't be installed: {why}"))?;
    Ok(old_venv.join("bin/wstest"))
}

fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
    pip
}

/// Python 2.7: on the path, or one of those that pyenv has.
fn find() -> Result<PathBuf, String> {
    let is_old = |python: &PathBuf| {
        let print = "import sys; print(\"%d.%d\" % sys.version_info[:2])";
        output(Command::new(python).args(["-c", print])).is_some_and(|version| version == "2.7")
    };
    let named = ["python2.7", "python2"].map(PathBuf::from);
    named.into_iter().chain(of_pyenv()).find(is_old).ok_or_else(|| {
        "Python 2.7 is missing, which the WebSocket suite is written in. To get it: pyenv install 2.7.18"
            .into()
    })
}

fn of_pyenv() -> Vec<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")));
    let versions = root.and_then(|root| fs::read_dir(root.join("versions")).ok());
    let old = versions
        .into_iter()
        .flatten()
        .flatten()
        .filter(|version| version.file_name().to_string_lossy().starts_with("2.7"));
    old.map(|version| version.path().join("bin/python2.7")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_counted() {
        let case = |behaviour: &str, close: &str| json!({ "behavior": behaviour, "behaviorClose": close });
        let report = json!({ "crossway": {
            "1.1.1": case("OK", "OK"),
            "6.4.1": case("NON-STRICT", "OK"),
            "7.1.6": case("INFORMATIONAL", "INFORMATIONAL"),
            "7.7.1": case("OK", "FAILED"),
            "12.1.1": case("UNIMPLEMENTED", "OK"),
            "13.1.1": {},
        }});
        let mut tally = Tally::default();
        let failed = judge(&report.to_string(), &mut tally).expect("a report");
        assert_eq!(tally, Tally { passed: 3, failed: 3 });
        assert!(failed.contains(&"7.7.1: OK, closing FAILED".to_string()), "{failed:?}");
        assert!(judge("{}", &mut tally).is_err());
    }
}
