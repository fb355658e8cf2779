//! autobahn-python.

use std::path::PathBuf;
use std::process::Command;

use super::router::Router;
use super::{install, result};
use crate::process::{output, succeed};
use crate::step::Outcome;
use crate::workspace::Workspace;

const NEEDED: (u32, u32) = (3, 11);

pub(super) fn run(workspace: &Workspace, words: &[String]) -> Outcome {
    match prepare(workspace).and_then(|python| Ok((python, Router::start(workspace, "python")?))) {
        Ok((python, router)) => {
            let file = workspace.interop().join("python.json");
            let mut scenarios = Command::new(python);
            scenarios.arg("-B").arg(workspace.root.join("tests/interop/python/run.py"));
            scenarios.arg(&router.about).arg(&file).args(words);
            result::of(scenarios, &file, router)
        }
        Err(why) => Outcome::of(Err(why)),
    }
}

/// A virtual environment with the clients; returns its interpreter.
pub(super) fn prepare(workspace: &Workspace) -> Result<PathBuf, String> {
    let system = find()?;
    let requirements = workspace.root.join("tests/interop/python/requirements.txt");
    let lock = format!("{system}\n{}", install::read(&requirements)?);
    let folder = workspace.interop().join("python");
    let python = folder.join("bin/python");
    install::once(&folder, &lock, || {
        succeed(Command::new(&system).args(["-m", "venv"]).arg(&folder)).map_err(|why| {
            format!(
                "{why}\nDebian and Ubuntu have the module in a package of its own: apt install python3-venv"
            )
        })?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
        succeed(pip.args(["--only-binary", ":all:", "--requirement"]).arg(&requirements))
    })?;
    Ok(python)
}

/// The first interpreter on the path that is new enough.
pub(super) fn find() -> Result<String, String> {
    let print = "import sys; print(\"%d.%d\" % sys.version_info[:2])";
    let new_enough = |name: &&str| {
        output(Command::new(name).args(["-c", print])).and_then(|text| install::version(&text))
            >= Some(NEEDED)
    };
    let names = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"];
    names.into_iter().find(new_enough).map(String::from).ok_or_else(|| {
        let (major, minor) = NEEDED;
        format!(
            "Python >= {major}.{minor} is missing. To get it: your system's package `python3` with `python3-venv`, or \
             python.org/downloads.\nTo test without real clients: cargo xtask test --skip-interop"
        )
    })
}
