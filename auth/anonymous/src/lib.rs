//! Anonymous authentication: anybody may join, under a name that the router makes up.
//!
//! This is the smallest [`Authenticator`], and the template for others.

use async_trait::async_trait;
use crossway_core::Id;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};

/// Lets everybody in with one role.
#[derive(Clone, Debug)]
pub struct Anonymous {
    role: String,
}

impl Anonymous {
    /// Sessions get `role` as their authrole.
    pub fn new(role: impl Into<String>) -> Self {
        Anonymous { role: role.into() }
    }
}

impl Default for Anonymous {
    /// The role `anonymous`.
    fn default() -> Self {
        Anonymous::new("anonymous")
    }
}

#[async_trait]
impl Authenticator for Anonymous {
    fn method(&self) -> &str {
        "anonymous"
    }

    /// Whatever `authid` the client wishes, it gets a random one: an anonymous session is nobody in particular.
    async fn authenticate(&self, _: &AuthRequest, _: &mut dyn Challenger) -> Result<Identity, AuthError> {
        Ok(Identity::new(format!("anonymous-{}", Id::random()), self.role.clone(), "static"))
    }
}
