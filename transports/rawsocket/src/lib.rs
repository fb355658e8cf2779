//! WAMP RawSocket framing over any carrier.
