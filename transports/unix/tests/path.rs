//! What happens to the path.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::Arc;

use crossway_framing::testing::{Echo, Named, Seen};
use crossway_framing::{Listener, ServeOptions, serve};
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_unix::{BindError, UnixListener, UnixOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// A throw-away directory, and a path in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wamp.sock");
    (dir, path)
}

fn bind(path: &PathBuf) -> Result<UnixListener, BindError> {
    UnixListener::bind(&UnixOptions::new(path))
}

fn names(dir: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(dir.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn raw_01_messages_over_a_unix_socket() {
    let (dir, path) = place();
    let listener = bind(&path).unwrap();
    assert_eq!(listener.address(), format!("unix:{}", path.display()));
    let (echo, mut seen) = Echo::new();
    let handshake = Arc::new(RawSocket::new(RawSocketOptions::new(Named::all())));
    let serving = tokio::spawn(serve(listener, handshake, echo.clone(), ServeOptions::new("unix")));

    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(b"\x7F\xF1\0\0\0\0\0\x02[]").await.unwrap();
    let mut answer = [0; 10];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x7F\xF1\0\0\0\0\0\x02[]");

    let Some(Seen::Joined(_, info)) = seen.recv().await else { panic!("not joined") };
    assert!(info.local && !info.secure && info.peer.is_empty());
    let credentials = info.auth.as_ref().and_then(|auth| auth.credentials).unwrap();
    assert_eq!(credentials.pid, i32::try_from(std::process::id()).ok());

    echo.close();
    serving.await.unwrap();
    assert!(names(&dir).is_empty(), "nothing is left behind: {:?}", names(&dir));
}

// covers: SEC-03
#[tokio::test]
async fn the_mode_is_as_configured() {
    let (_dir, path) = place();
    for mode in [0o660, 0o600, 0o666] {
        let _listener = UnixListener::bind(&UnixOptions { mode, ..UnixOptions::new(&path) }).unwrap();
        let found = fs::symlink_metadata(&path).unwrap();
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, mode);
    }
}

#[tokio::test]
async fn a_path_where_a_router_listens_is_in_use() {
    let (_dir, path) = place();
    let first = bind(&path).unwrap();
    assert!(matches!(bind(&path), Err(BindError::InUse(_))));
    drop(first);
    bind(&path).expect("free again");
}

#[tokio::test]
async fn a_path_where_another_program_listens_is_in_use() {
    let (dir, path) = place();
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let error = bind(&path).unwrap_err();
    assert!(matches!(error, BindError::InUse(_)));
    assert!(error.to_string().contains("another process"), "{error}");
    assert_eq!(names(&dir), ["wamp.sock"]);
}

#[tokio::test]
async fn another_program_with_a_full_queue_does_not_make_us_wait() {
    let (_dir, path) = place();
    let other = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    other.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    other.listen(0).unwrap();
    let _queued = std::os::unix::net::UnixStream::connect(&path).unwrap();
    assert!(matches!(bind(&path), Err(BindError::InUse(_))));
}

#[tokio::test]
async fn a_socket_that_a_killed_router_left_is_taken_over() {
    let (_dir, path) = place();
    // Dropping the standard library's listener closes the socket and leaves its file, as `kill -9` does.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    fs::write(path.with_extension("sock.lock"), "").unwrap();
    let _listener = bind(&path).unwrap();
    UnixStream::connect(&path).await.expect("somebody listens");
}

#[tokio::test]
async fn what_is_not_a_socket_is_left_alone() {
    let (dir, path) = place();
    fs::write(&path, "precious").unwrap();
    assert!(matches!(bind(&path), Err(BindError::NotASocket(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");

    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(bind(&link), Err(BindError::NotASocket(_))));
    assert!(matches!(bind(&dir.path().to_owned()), Err(BindError::NotASocket(_))));
    let mut names = names(&dir);
    names.sort();
    assert_eq!(names, ["link", "wamp.sock"]);
}

#[tokio::test]
async fn a_socket_that_is_not_ours_any_more_is_left_alone() {
    let (_dir, path) = place();
    let listener = bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    drop(listener);
    assert!(path.exists());
}

#[tokio::test]
async fn errors_name_the_path_and_the_reason() {
    let (_dir, path) = place();
    let nowhere = path.join("deeper");
    let error = bind(&nowhere).unwrap_err().to_string();
    assert!(error.contains(nowhere.to_str().unwrap()), "{error}");
    assert!(error.contains("creating its lock file"), "{error}");
    let long = path.with_file_name("x".repeat(120));
    let error = bind(&long).unwrap_err().to_string();
    assert!(error.contains("using it as an address"), "{error}");
}

#[tokio::test]
async fn a_listening_socket_can_be_handed_over() {
    let (_dir, path) = place();
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let mut listener = UnixListener::from_std(listener).unwrap();
    let (_, (_, peer)) = tokio::join!(UnixStream::connect(&path), listener.accept());
    assert!(peer.local);
    drop(listener);
    assert!(path.exists(), "the file is its owner's");
}
