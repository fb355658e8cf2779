//! Checks that a serializer keeps the contract of [`Serializer`], to be called from its tests:
//!
//! ```no_run
//! # fn own_format() -> Box<dyn crossway_core::serializer::Serializer> { unreachable!() }
//! let serializer = own_format();
//! crossway_conformance::contract::check(&*serializer);
//! ```
//!
//! All checks panic with the value or frame that broke the contract, made as small as possible.

pub mod contract;
pub mod message;
pub mod values;
pub mod vectors;

#[expect(unused_imports, reason = "named in the documentation")]
use crossway_core::serializer::Serializer;
