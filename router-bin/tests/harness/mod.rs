//! Runs the program, and talks to it in octets.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use tempfile::TempDir;

/// The program, without anything of the environment that concerns it.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crossway"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("CROSSWAY"));
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command.stdin(Stdio::null());
    command
}

pub(crate) fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// Runs to the end: exit code, standard output, standard error.
pub(crate) fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A router that is listening.
pub(crate) struct Router {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What was read from the two streams to find out that it listens.
    out: String,
    err: String,
    addresses: HashMap<String, String>,
    _directory: TempDir,
}

impl Router {
    /// Starts with this configuration, and waits until the log says that every listener listens.
    pub(crate) fn start(config: &str) -> Router {
        let (file, directory) = written(config);
        Router::spawn(&file, directory, &["--log-format", "json"], &[]).listening(config)
    }

    /// Starts with the configuration in a file, and waits likewise.
    pub(crate) fn start_file(file: &Path, config: &str, variables: &[(&str, &str)]) -> Router {
        let directory = tempfile::tempdir().unwrap();
        Router::spawn(file, directory, &["--log-format", "json"], variables).listening(config)
    }

    fn listening(mut self, config: &str) -> Router {
        while self.addresses.len() < config.matches("[[listener]]").count() {
            let mut line = String::new();
            self.stderr.read_line(&mut line).unwrap();
            let event: serde_json::Value =
                serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            if event["message"] == "listening" {
                let field = |name: &str| event[name].as_str().unwrap().to_string();
                self.addresses.insert(field("listener"), field("address"));
            }
            self.err += &line;
        }
        self
    }

    /// Starts with this configuration, and waits for the greeting.
    pub(crate) fn for_people(config: &str) -> Router {
        let (file, directory) = written(config);
        let mut router = Router::spawn(&file, directory, &[], &[]);
        let mut stdout = BufReader::new(router.child.stdout.take().unwrap());
        while !router.out.contains("realm ") {
            assert_ne!(stdout.read_line(&mut router.out).unwrap(), 0, "{}", router.out);
        }
        router.child.stdout = Some(stdout.into_inner());
        router
    }

    /// Sockets with bare names are in `directory`, which lasts as long as the router.
    fn spawn(file: &Path, directory: TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Router {
        let mut command = command();
        command.arg("--config").arg(file).args(arguments).env("XDG_RUNTIME_DIR", directory.path());
        command.envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (out, err) = (String::new(), String::new());
        Router { child, stderr, out, err, addresses: HashMap::new(), _directory: directory }
    }

    /// Where a listener listens.
    pub(crate) fn address(&self, listener: &str) -> &str {
        &self.addresses[listener]
    }

    /// Waits until the log says something that begins like this, and returns the line.
    pub(crate) fn logged(&mut self, message: &str) -> serde_json::Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "it ended without saying {message}");
            self.err += &line;
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            if event["message"].as_str().is_some_and(|said| said.starts_with(message)) {
                return event;
            }
        }
    }

    /// Nobody reads what it says from here on.
    pub(crate) fn close_log(&mut self) {
        let nothing = std::os::fd::OwnedFd::from(fs::File::open("/dev/null").unwrap());
        self.stderr = BufReader::new(ChildStderr::from(nothing));
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Everything it said, after it ended well.
    pub(crate) fn finish(mut self) -> (String, String) {
        assert_eq!(self.wait().code(), Some(0));
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut self.out).unwrap();
        }
        self.stderr.read_to_string(&mut self.err).unwrap();
        (std::mem::take(&mut self.out), std::mem::take(&mut self.err))
    }
}

fn written(config: &str) -> (PathBuf, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("crossway.toml");
    fs::write(&file, config).unwrap();
    (file, directory)
}

impl Drop for Router {
    fn drop(&mut self) {
        // Fails if it ended already, which is what most tests want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A RawSocket client that speaks JSON.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
}

impl Client {
    pub(crate) fn connect(address: &str) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        // A router that does not answer is a failure, not a test that never ends.
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Client { stream }
    }

    /// Connects and joins `realm1`.
    pub(crate) fn join(address: &str) -> Client {
        let mut client = Client::connect(address);
        client.handshake();
        client
    }
}

impl<S: Read + Write> Client<S> {
    /// RawSocket handshake, HELLO, WELCOME.
    pub(crate) fn handshake(&mut self) {
        assert_eq!(self.ask(&[0x7F, 0xF1, 0, 0], 4), [0x7F, 0xF1, 0, 0]);
        self.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
        let welcome = self.message();
        assert!(welcome.starts_with("[2,"), "{welcome}");
    }

    /// Sends octets, and reads so many.
    pub(crate) fn ask(&mut self, octets: &[u8], count: usize) -> Vec<u8> {
        self.stream.write_all(octets).unwrap();
        let mut answer = vec![0; count];
        self.stream.read_exact(&mut answer).unwrap();
        answer
    }

    pub(crate) fn send(&mut self, message: &str) {
        let length = u32::try_from(message.len()).unwrap();
        self.stream.write_all(&[&length.to_be_bytes(), message.as_bytes()].concat()).unwrap();
    }

    pub(crate) fn message(&mut self) -> String {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).unwrap();
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut message).unwrap();
        text(&message)
    }

    /// Answers GOODBYE; the router closes, and so do we.
    pub(crate) fn goodbye_and_out(mut self) {
        self.send(r#"[6,{},"wamp.close.goodbye_and_out"]"#);
        assert_eq!(self.stream.read(&mut [0]).unwrap(), 0);
    }
}
