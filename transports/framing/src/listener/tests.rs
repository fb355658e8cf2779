use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use super::{CALM, Patience};

/// EMFILE: this process has no file descriptor left.
fn out_of_descriptors() -> io::Error {
    io::Error::from_raw_os_error(24)
}

/// Accepts after `failures` errors. Returns how long that took, on a clock that is not ours.
async fn accept_after(patience: &mut Patience, failures: usize, error: fn() -> io::Error) -> Duration {
    let begin = Instant::now();
    let calls = AtomicUsize::new(0);
    patience
        .accept(|| {
            let call = calls.fetch_add(1, Relaxed);
            async move { if call < failures { Err(error()) } else { Ok(()) } }
        })
        .await;
    assert_eq!(calls.load(Relaxed), failures + 1);
    begin.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_process_without_descriptors_waits_longer_and_longer_up_to_a_second() {
    let mut patience = Patience::new("test");
    let delays = [50, 100, 200, 400, 800, 1000, 1000, 1000].map(Duration::from_millis);
    for failures in 0..=delays.len() {
        let took = accept_after(&mut patience, failures, out_of_descriptors).await;
        // The clock goes in steps of a millisecond.
        let expected: Duration = delays[..failures].iter().sum();
        assert!(took >= expected && took < expected + Duration::from_millis(20), "{took:?}, {expected:?}");
        assert!(patience.delay.is_none(), "a connection begins the delays anew");
    }
}

#[tokio::test(start_paused = true)]
async fn an_episode_that_was_interrupted_goes_on() {
    let mut patience = Patience::new("test");
    for _ in 0..10 {
        let accept = patience.accept(|| async { Err::<(), _>(out_of_descriptors()) });
        tokio::time::timeout(Duration::from_millis(1), accept).await.unwrap_err();
    }
    assert_eq!(patience.delay, Some(Duration::from_secs(1)));
}

/// Found with a limit of 40 descriptors and 60 clients: two lines in the log for every connection.
#[tokio::test(start_paused = true)]
async fn a_connection_now_and_then_does_not_end_an_episode() {
    let mut patience = Patience::new("test");
    for _ in 0..10 {
        accept_after(&mut patience, 1, out_of_descriptors).await;
        assert!(patience.troubled.is_some(), "the next error would be logged again");
    }
    tokio::time::sleep(CALM).await;
    accept_after(&mut patience, 0, out_of_descriptors).await;
    assert!(patience.troubled.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_error_of_one_connection_does_not_make_the_next_one_wait() {
    for error in [
        || io::ErrorKind::ConnectionAborted.into(),
        || io::ErrorKind::ConnectionReset.into(),
        || io::ErrorKind::Interrupted.into(),
    ] {
        let mut patience = Patience::new("test");
        assert_eq!(accept_after(&mut patience, 1000, error).await, Duration::ZERO);
    }
}
