//! The dealer without sockets, threads and clocks of its own: what happens to a call in every order.
//!
//! | file       | subject                                                                   |
//! |------------|---------------------------------------------------------------------------|
//! | [`bench`]  | a dealer with a few sessions, whose messages are kept                     |
//! | [`events`] | what may happen, and what is heard of it                                  |
//! | [`state`]  | what the dealer's tables say                                              |
//! | [`oracle`] | what has to happen, with lists and loops                                  |
//! | [`orders`] | every order of the events of a call, one after the other                  |
//! | [`laws`]   | what holds whatever has happened                                          |
//! | [`nested`] | one event in the midst of another: in every window where no lock is held  |
//! | [`storm`]  | everybody at once, in threads                                             |
//! | [`bugs`]   | what has gone wrong once                                                  |

mod bench;
mod bugs;
mod events;
mod laws;
mod nested;
mod oracle;
mod orders;
mod state;
mod storm;

use std::cell::RefCell;

/// Gets the number of the window.
type Visitor = Box<dyn FnMut(usize)>;

thread_local! {
    static VISITOR: RefCell<Option<(Visitor, usize)>> = RefCell::default();
}

/// The dealer comes by where it holds no lock, and others may do something.
pub(super) fn window() {
    // Taken out meanwhile: what happens in a window has no windows of its own.
    let visitor = VISITOR.with(|visitor| visitor.borrow_mut().take());
    if let Some((mut visitor, number)) = visitor {
        visitor(number);
        VISITOR.with(|place| *place.borrow_mut() = Some((visitor, number + 1)));
    }
}

/// Runs `act` while `visitor` is called in each of its windows. Tells how many there were.
fn with_visitor(visitor: impl FnMut(usize) + 'static, act: impl FnOnce()) -> usize {
    VISITOR.with(|place| *place.borrow_mut() = Some((Box::new(visitor), 0)));
    act();
    VISITOR.with(|place| place.borrow_mut().take()).map_or(0, |(_, windows)| windows)
}
