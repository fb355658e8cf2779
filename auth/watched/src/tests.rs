//! What becomes of a file that changes, breaks, or vanishes.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{FileOptions, Watched};

/// A file with a number in it, looked at whenever somebody asks.
fn number(path: &Path) -> Result<Arc<Watched<u32>>, String> {
    let options = FileOptions { interval: Duration::ZERO, max_bytes: 8, ..FileOptions::new(path) };
    let parse = |text: &str| text.trim().parse().map_err(|_| "no number".to_owned());
    Watched::open(options, parse).map(Arc::new).map_err(|error| error.to_string())
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(test);
}

#[test]
fn a_change_is_noticed_however_soon_it_comes() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("number");
        fs::write(&path, "1").expect("room");
        let watched = number(&path).expect("a number");
        assert_eq!(*watched.now().await, 1);
        for next in 2..9_u32 {
            // As long as before, and within the same tick of the clock of the file system.
            fs::write(&path, next.to_string()).expect("room");
            assert_eq!(*watched.now().await, next);
        }
        let other = folder.path().join("other");
        fs::write(&other, "9").expect("room");
        fs::rename(&other, &path).expect("the same folder");
        assert_eq!(*watched.now().await, 9);
    });
}

#[test]
fn a_broken_file_changes_nothing() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("number");
        fs::write(&path, "1").expect("room");
        let watched = number(&path).expect("a number");
        for broken in ["", "one", "123456789"] {
            fs::write(&path, broken).expect("room");
            assert_eq!(*watched.now().await, 1, "{broken:?}");
        }
        fs::write(&path, [0xff]).expect("room");
        assert_eq!(*watched.now().await, 1, "no text");
        fs::remove_file(&path).expect("it was there");
        assert_eq!(*watched.now().await, 1, "gone");
        fs::write(&path, "2").expect("room");
        assert_eq!(*watched.now().await, 2);
    });
}

#[test]
fn a_file_that_has_settled_is_read_once() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("number");
        fs::write(&path, "1").expect("room");
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        fs::File::options()
            .write(true)
            .open(&path)
            .expect("it is there")
            .set_modified(long_ago)
            .expect("a time");
        let watched = number(&path).expect("a number");
        let before = watched.latest();
        assert!(Arc::ptr_eq(&before, &watched.now().await), "it was not read again");
    });
}

#[test]
fn a_look_is_good_for_a_while() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("number");
        fs::write(&path, "1").expect("room");
        let options = FileOptions { interval: Duration::from_secs(3600), ..FileOptions::new(&path) };
        let parse = |text: &str| Ok::<_, String>(text.to_owned());
        let watched = Arc::new(Watched::open(options, parse).expect("a file"));
        fs::write(&path, "2").expect("room");
        assert_eq!(*watched.now().await, "1");
        assert_eq!(*watched.latest(), "1");
    });
}

#[test]
fn what_is_broken_from_the_start_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("number");
    let told = || number(&path).expect_err("nothing to be had");
    assert!(told().contains("No such file"), "{}", told());
    fs::write(&path, "one").expect("room");
    assert!(told().ends_with("number: no number"), "{}", told());
    fs::write(&path, "123456789").expect("room");
    assert!(told().ends_with("number: it is longer than 8 bytes"), "{}", told());
}
