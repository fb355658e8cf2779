//! Developer commands of Crossway.

fn main() {}
