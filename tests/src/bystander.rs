//! A session that minds its own business while others misbehave.

use serde_json::json;

use crate::{Link, Peer, TestRouter};

/// Subscribed and registered; notices everything that is not meant for it.
pub struct Bystander {
    peer: Peer,
    subscription: u64,
    registration: u64,
}

impl Bystander {
    /// Joins `realm1`.
    pub async fn join(router: &TestRouter) -> Self {
        let mut peer = Peer::join(router, Link::DEFAULT).await;
        let subscription = peer.subscribe("test.bystander.topic").await;
        let registration = peer.register("test.bystander.procedure").await;
        Bystander { peer, subscription, registration }
    }

    /// Got nothing that was not meant for it, and all that it uses still works.
    pub async fn is_unharmed(&mut self) {
        let peer = &mut self.peer;
        let request = peer.request();
        let options = json!({"acknowledge": true, "exclude_me": false});
        peer.send(json!([16, request, options, "test.bystander.topic", ["still here"]])).await;
        peer.expect_event(self.subscription, json!(["still here"])).await;
        peer.expect(json!([17, request, crate::pattern::ID])).await;
        let call = peer.call("test.bystander.procedure", json!([1])).await;
        let invocation = peer.expect_invocation(self.registration, json!([1])).await;
        peer.send(json!([70, invocation, {}, [2]])).await;
        peer.expect(json!([50, call, {}, [2]])).await;
    }
}
