//! Back-off and places, with time that the tests turn on by hand.

use tokio::time::advance;

use super::*;
use crate::transport::{Credentials, Evidence, TransportInfo};
use crate::value::Dict;

fn gate(change: impl FnOnce(&mut Limits)) -> Gate {
    let mut limits =
        Limits { login_failures: Some(3), login_failures_per_address: Some(6), ..Limits::default() };
    change(&mut limits);
    Gate::new(&Arc::new(limits), &Arc::default())
}

fn request(peer: &str, authid: Option<&str>) -> AuthRequest {
    let uid = peer.strip_prefix("uid ").and_then(|uid| uid.parse().ok());
    let evidence = uid.map(|uid| {
        let credentials = Some(Credentials { uid, gid: 1, pid: None });
        Box::new(Evidence { credentials, ..Evidence::default() })
    });
    let peer = if uid.is_some() { String::new() } else { peer.to_owned() };
    AuthRequest {
        realm: "realm1".to_owned(),
        authid: authid.map(str::to_owned),
        authrole: None,
        authextra: Dict::new(),
        session: 1,
        transport: Arc::new(TransportInfo { peer, auth: evidence, ..TransportInfo::default() }),
    }
}

/// A wrong guess; how long it was delayed, or why it was refused.
fn guess(gate: &Gate, peer: &str, authid: &str) -> Result<Duration, String> {
    let (attempt, delay) = gate.enter(&request(peer, Some(authid)), Some(authid))?;
    attempt.failed();
    Ok(delay)
}

/// Whether the user itself gets in, and after what delay.
fn log_in(gate: &Gate, peer: &str, authid: &str) -> Result<Duration, String> {
    let (attempt, delay) = gate.enter(&request(peer, Some(authid)), Some(authid))?;
    attempt.succeeded(true);
    Ok(delay)
}

const HERE: &str = "192.0.2.1:4000";
const THERE: &str = "198.51.100.7:4000";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn each_failure_beyond_the_free_ones_doubles_the_wait() {
    let gate = gate(|_| ());
    for _ in 0..3 {
        assert_eq!(guess(&gate, HERE, "joe"), Ok(Duration::ZERO));
    }
    for wait in [1, 2, 4] {
        let refused = guess(&gate, HERE, "joe").unwrap_err();
        assert!(refused.contains("login_failures = 3"), "{refused}");
        assert!(refused.contains(&format!("again in {wait} s")), "{refused}");
        advance(wait * SECOND - Duration::from_millis(1)).await;
        assert!(guess(&gate, HERE, "joe").is_err());
        advance(Duration::from_millis(1)).await;
        guess(&gate, HERE, "joe").unwrap();
    }
    assert_eq!(gate.counters.logins_denied.get(), 6);
    assert_eq!(gate.counters.logins_held_off.get(), 6);
}

#[tokio::test(start_paused = true)]
async fn after_the_wait_one_may_try_at_a_time() {
    let gate = gate(|_| ());
    for _ in 0..3 {
        assert_eq!(guess(&gate, HERE, "joe"), Ok(Duration::ZERO));
    }
    advance(SECOND).await;
    let (first, _) = gate.enter(&request(HERE, Some("joe")), Some("joe")).unwrap();
    assert!(gate.enter(&request(HERE, Some("joe")), Some("joe")).is_err(), "another one is trying");
    assert!(gate.enter(&request(HERE, Some("sue")), Some("sue")).is_ok(), "the address has failures free");
    drop(first);
    let (second, _) = gate.enter(&request(HERE, Some("joe")), Some("joe")).unwrap();
    second.failed();
    drop(second);
    assert!(guess(&gate, HERE, "joe").unwrap_err().contains("again in 2 s"));
}

#[tokio::test(start_paused = true)]
async fn of_many_that_came_at_once_those_go_on_whose_failures_are_free() {
    let gate = gate(|limits| limits.login_failures_per_address = None);
    let attempts: Vec<_> =
        (0..50).map(|_| gate.enter(&request(HERE, Some("joe")), Some("joe")).unwrap().0).collect();
    let answered = attempts.iter().filter(|attempt| attempt.answered().map(|()| attempt.failed()).is_ok());
    assert_eq!(answered.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_before_the_verdict_has_failed() {
    let gate = gate(|_| ());
    for _ in 0..3 {
        let (attempt, _) = gate.enter(&request(HERE, Some("joe")), Some("joe")).unwrap();
        attempt.answered().unwrap();
    }
    assert!(guess(&gate, HERE, "joe").is_err());
    for _ in 0..9 {
        let (attempt, _) = gate.enter(&request(HERE, Some("sue")), Some("sue")).unwrap();
        attempt.answered().unwrap();
        attempt.undecided();
    }
    assert!(guess(&gate, HERE, "sue").is_ok(), "nobody could decide");
}

#[tokio::test(start_paused = true)]
async fn who_gets_in_as_somebody_else_clears_nothing() {
    let gate = gate(|_| ());
    for _ in 0..2 {
        guess(&gate, HERE, "joe").unwrap();
    }
    gate.enter(&request(HERE, Some("joe")), Some("joe")).unwrap().0.succeeded(false);
    guess(&gate, HERE, "joe").unwrap();
    assert!(guess(&gate, HERE, "joe").is_err());
}

#[tokio::test(start_paused = true)]
async fn who_has_failures_free_may_try_many_times_at_once() {
    let gate = gate(|_| ());
    let attempts: Vec<_> =
        (0..50).map(|_| gate.enter(&request(HERE, Some("joe")), Some("joe")).unwrap()).collect();
    drop(attempts);
    assert!(log_in(&gate, HERE, "joe").is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_wait_has_an_end_and_tries_do_not_make_it_longer() {
    let gate = gate(|limits| limits.login_failures_per_address = None);
    // As often as it is possible.
    while !guess(&gate, HERE, "joe").is_err_and(|refused| refused.contains("again in 29 s")) {
        advance(SECOND).await;
    }
    for _ in 0..28 {
        advance(SECOND).await;
        assert!(guess(&gate, HERE, "joe").is_err());
    }
    advance(SECOND).await;
    assert!(log_in(&gate, HERE, "joe").is_ok());
    assert!(guess(&gate, HERE, "joe").is_ok(), "it begins anew");
}

#[tokio::test(start_paused = true)]
async fn a_user_is_delayed_and_not_refused_for_what_others_do_elsewhere() {
    let gate = gate(|_| ());
    for host in 0..200 {
        let _ = guess(&gate, &format!("203.0.113.{host}:1"), "joe");
    }
    assert_eq!(log_in(&gate, THERE, "joe"), Ok(2 * SECOND));
    assert_eq!(gate.counters.logins_delayed.get(), 198);
    assert_eq!(log_in(&gate, THERE, "jane"), Ok(Duration::ZERO));
    // A hundred and ninety-eight half minutes and some more.
    advance(200 * 30 * SECOND).await;
    assert_eq!(log_in(&gate, THERE, "joe"), Ok(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_tries_one_user_after_the_other_is_refused() {
    let gate = gate(|_| ());
    for user in 0..6 {
        guess(&gate, HERE, &format!("user{user}")).unwrap();
    }
    let refused = log_in(&gate, HERE, "jane").unwrap_err();
    assert!(refused.contains("login_failures_per_address = 6"), "{refused}");
    assert!(log_in(&gate, THERE, "jane").is_ok());
    assert!(gate.enter(&request(HERE, None), None).is_err(), "without a name as well");
}

#[tokio::test(start_paused = true)]
async fn what_counts_as_one_address() {
    let same = [
        ("192.0.2.1:1", "192.0.2.1:2"),
        ("192.0.2.1:1", "[::ffff:192.0.2.1]:2"),
        ("[2001:db8:1:2::1]:1", "[2001:db8:1:2:ffff::9]:1"),
        ("uid 1000", "uid 1000"),
        ("127.0.0.1:1", "127.0.0.1:2"),
    ];
    let different = [
        ("192.0.2.1:1", "192.0.2.2:1"),
        ("[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1"),
        ("uid 1000", "uid 0"),
    ];
    for (pairs, expected) in [(&same[..], true), (&different[..], false)] {
        for (one, other) in pairs {
            let gate = gate(|_| ());
            for _ in 0..3 {
                guess(&gate, one, "joe").unwrap();
            }
            assert_eq!(guess(&gate, other, "joe").is_err(), expected, "{one} and {other}");
        }
    }
    let gate = gate(|_| ());
    assert!((0..100).all(|_| guess(&gate, "", "joe") == Ok(Duration::ZERO)), "in the process");
}

#[tokio::test(start_paused = true)]
async fn a_success_clears_what_the_user_did_here_and_nothing_else() {
    let gate = gate(|_| ());
    for _ in 0..2 {
        guess(&gate, HERE, "joe").unwrap();
    }
    log_in(&gate, HERE, "joe").unwrap();
    for _ in 0..3 {
        assert!(guess(&gate, HERE, "joe").is_ok());
    }
    assert!(guess(&gate, HERE, "joe").is_err());
    assert!(guess(&gate, HERE, "jane").is_ok());
    assert!(log_in(&gate, HERE, "mallory").unwrap_err().contains("per_address"));
}

#[tokio::test(start_paused = true)]
async fn records_are_bounded_and_the_worst_are_kept() {
    let gate =
        gate(|limits| (limits.max_login_records, limits.login_failures_per_address) = (20, Some(2000)));
    for _ in 0..3 {
        guess(&gate, HERE, "joe").unwrap();
    }
    for user in 0..1000 {
        guess(&gate, HERE, &format!("user{user}")).unwrap();
        assert!(gate.ledger.lock().len() <= 20);
    }
    assert!(gate.counters.login_records_dropped.get() > 900);
    for _ in 0..997 {
        let _ = guess(&gate, HERE, "joe");
        guess(&gate, HERE, &format!("user{}", gate.counters.logins_denied.get())).unwrap();
    }
    assert!(guess(&gate, HERE, "jane").unwrap_err().contains("per_address"), "the address is still known");
    advance(3000 * 30 * SECOND).await;
    guess(&gate, THERE, "jane").unwrap();
    assert!(gate.ledger.lock().len() <= 3, "all others are forgotten");
}

#[tokio::test(start_paused = true)]
async fn who_guesses_in_the_midst_of_many_others_is_not_forgotten() {
    let gate = gate(|limits| limits.max_login_records = 1000);
    let mut others = 0..;
    // Each another user from another network.
    let mut another = |gate: &Gate| {
        let number: u32 = others.next().unwrap();
        let peer = format!("[2001:db8:{:x}:{:x}::1]:4000", number >> 16, number & 0xffff);
        guess(gate, &peer, &format!("user{number}")).unwrap();
    };
    (0..5000).for_each(|_| another(&gate));
    for _ in 0..3 {
        guess(&gate, HERE, "joe").unwrap();
        (0..10).for_each(|_| another(&gate));
    }
    assert!(guess(&gate, HERE, "joe").is_err());
}

#[tokio::test(start_paused = true)]
async fn who_has_stopped_may_try_many_times_at_once_again() {
    let gate = gate(|_| ());
    for _ in 0..3 {
        guess(&gate, HERE, "joe").unwrap();
        guess(&gate, HERE, "sue").unwrap();
    }
    // A failure of each is forgotten, and one of the address.
    advance(30 * SECOND).await;
    let enter =
        |authid: &str| gate.enter(&request(HERE, Some(authid)), Some(authid)).map(|(attempt, _)| attempt);
    let tries: Vec<_> = ["joe", "joe", "sue", "jane"].map(enter).into_iter().map(Result::unwrap).collect();
    assert_eq!(tries.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn limits_that_are_off_hold_nobody_off() {
    let off = gate(|limits| (limits.login_failures, limits.login_failures_per_address) = (None, None));
    assert!((0..1000).all(|_| guess(&off, HERE, "joe") == Ok(Duration::ZERO)));
    assert_eq!(off.ledger.lock().len(), 0);
}

#[tokio::test]
async fn logins_under_way_are_bounded_for_each_address_and_altogether() {
    let gate = gate(|limits| (limits.max_logins, limits.max_logins_per_address) = (3, 2));
    let enter = |peer: &str| gate.enter(&request(peer, None), None).map(|(attempt, _)| attempt);
    let (_first, second) = (enter(HERE).unwrap(), enter(HERE).unwrap());
    assert!(enter(HERE).err().unwrap().contains("max_logins_per_address"));
    let _third = enter(THERE).unwrap();
    assert!(enter(THERE).err().unwrap().contains("(limit max_logins)"));
    assert_eq!(gate.counters.logins_over_limit.get(), 2);
    drop(second);
    assert!(enter(THERE).is_ok());
}
