//! The MessagePack serializer (wamp.2.msgpack).
