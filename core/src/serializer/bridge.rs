//! Serializers from serde formats.
