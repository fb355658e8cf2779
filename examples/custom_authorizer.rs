//! An authorizer of your own: everybody has a garden, and may look over the fences of others.
//!
//! `cargo run -p crossway-examples --bin custom_authorizer`

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use crossway_client::{Login, connect_in_process};
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_core::authorization::{Action, Answer, Authorizer, Decision, Request};
use crossway_core::{RealmConfig, Router};
use crossway_json::Json;

/// Below `garden.<authid>.` everything is allowed to that user, and to everybody else, to listen.
struct Gardens;

impl Authorizer for Gardens {
    fn authorize(&self, request: &Request<'_>) -> Answer {
        let own = format!("garden.{}.", request.identity.authid);
        let decision = match request.action() {
            _ if request.uri.starts_with(&own) => Decision::allowed(),
            Action::Subscribe if request.uri.starts_with("garden.") => Decision::allowed(),
            _ => Decision::denied(),
        };
        // The same for as long as the session lasts: it need not ask again.
        decision.cached().into()
    }
}

/// Takes everybody at their word, which is for examples only.
struct Trusting;

#[async_trait]
impl Authenticator for Trusting {
    fn method(&self) -> &str {
        "trusting"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        _: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let authid = request.authid.as_deref().ok_or_else(AuthError::denied)?;
        Ok(Identity::new(authid, "gardener", "trusting"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Trusting)).authorizer(Arc::new(Gardens));
    let router = Router::builder().realm(realm).build()?;
    let join = |name: &str| {
        let login = Login::new("realm1").authid(name).answer("trusting", |_| Err(AuthError::Gone));
        login.join(connect_in_process(&router, Arc::new(Json)))
    };
    let (ada, bob) = (join("ada").await?, join("bob").await?);

    let mut roses = bob.subscribe("garden.ada.roses").await?;
    ada.publish("garden.ada.roses").arg("in bloom").acknowledge().await?;
    if let Some(event) = roses.next().await {
        println!("bob sees that ada's roses are {:?}", event.args[0]);
    }
    match bob.publish("garden.ada.roses").arg("cut").acknowledge().await {
        Err(error) => println!("bob cuts ada's roses: {error}"),
        Ok(_) => println!("bob was let in"),
    }
    Ok(())
}
