//! The router under test, as a process of its own.

use std::fs::{self, File};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::endpoints::Endpoints;
use crate::process::{stop, succeed, wait};
use crate::workspace::Workspace;

const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running router. Dropped, it is killed; [`Router::stop`] asks it to leave in good order.
pub(super) struct Router {
    child: Child,
    log: PathBuf,
    pub(super) endpoints: Endpoints,
    /// The file that tells clients where it listens.
    pub(super) about: PathBuf,
}

impl Router {
    /// Starts the release build and waits until every endpoint accepts connections.
    pub(super) fn start(workspace: &Workspace, name: &str) -> Result<Self, String> {
        let folder = workspace.interop().join("router").join(name);
        let mut router = fs::create_dir_all(&folder)
            .and_then(|()| Self::spawn(workspace, &folder))
            .map_err(|error| format!("can't start the router: {error}"))?;
        router.await_endpoints()?;
        Ok(router)
    }

    fn spawn(workspace: &Workspace, folder: &Path) -> std::io::Result<Self> {
        let endpoints = Endpoints::pick(folder, &workspace.root)?;
        let (config, about, log) =
            (folder.join("crossway.toml"), folder.join("router.json"), folder.join("router.log"));
        let realms = bring_logins(&workspace.root.join("tests/interop/logins"), folder)?;
        fs::write(&config, endpoints.config() + "\n" + &realms)?;
        fs::write(&about, endpoints.for_clients().to_string())?;
        let output = File::create(&log)?;
        let child = Command::new(workspace.router())
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        Ok(Self { child, log, endpoints, about })
    }

    fn await_endpoints(&mut self) -> Result<(), String> {
        let end = Instant::now() + START_LIMIT;
        while !self.listens() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("the router ended at its start: {status}\n{}", self.last_words()));
            }
            if Instant::now() > end {
                return Err(format!(
                    "the router does not listen after {START_LIMIT:?}\n{}",
                    self.last_words()
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn listens(&self) -> bool {
        self.endpoints.ports().iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
            && UnixStream::connect(&self.endpoints.socket).is_ok()
    }

    /// Asks the router to stop, which has to succeed and to leave no socket file behind.
    pub(super) fn stop(mut self) -> Result<(), String> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Err(format!("the router ended during the run: {status}\n{}", self.last_words()));
        }
        succeed(Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]))?;
        match wait(&mut self.child, STOP_LIMIT) {
            Some(status) if !status.success() => {
                Err(format!("the router did not end well: {status}\n{}", self.last_words()))
            }
            Some(_) if self.endpoints.socket.exists() => Err("the router left its Unix socket behind".into()),
            Some(_) => Ok(()),
            None => Err(format!("the router still ran {STOP_LIMIT:?} after SIGTERM\n{}", self.last_words())),
        }
    }

    /// The end of its log.
    fn last_words(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let tail = &log[log.len().saturating_sub(4000)..];
        format!("{}:\n{}", self.log.display(), String::from_utf8_lossy(tail))
    }
}

/// Puts what realms with logins need beside the router's configuration, and returns the realms themselves.
fn bring_logins(from: &Path, folder: &Path) -> std::io::Result<String> {
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), folder.join(file.file_name()))?;
    }
    fs::read_to_string(from.join("realms.toml"))
}

impl Drop for Router {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}
