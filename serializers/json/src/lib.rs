//! The JSON serializer (wamp.2.json).
