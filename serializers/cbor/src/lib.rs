//! The CBOR serializer (wamp.2.cbor).
