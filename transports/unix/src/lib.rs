//! The Unix domain socket carrier.
