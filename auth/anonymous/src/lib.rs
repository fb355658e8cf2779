//! Anonymous authentication: anybody may join.
