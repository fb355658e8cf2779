//! The Crossway WAMP router.

fn main() {}
