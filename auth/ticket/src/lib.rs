//! Ticket authentication: a shared secret sent in the clear, for use over TLS or Unix sockets.
