//! WAMP WebSocket framing over any carrier.
