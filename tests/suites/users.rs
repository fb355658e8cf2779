//! Users who log in with tickets.

use std::sync::Arc;

use crossway_core::RealmConfig;
use crossway_tests::{Link, Peer, Plan, TestRouter};
use crossway_ticket::Ticket;
use serde_json::json;

/// Three users with two roles: alice and bob are staff, carol is a guest.
pub(crate) fn users(realm: RealmConfig) -> RealmConfig {
    let ticket = [("alice", "staff"), ("bob", "staff"), ("carol", "guest")];
    let ticket = ticket.iter().fold(Ticket::new(), |all, (name, role)| all.user(*name, "secret", *role));
    realm.authenticator(Arc::new(ticket))
}

/// A realm with these users.
pub(crate) fn plan() -> Plan {
    Plan::realm(users(RealmConfig::new("realm1")))
}

/// Joins `realm1` as a user whose ticket is "secret".
pub(crate) async fn log_in(router: &TestRouter, link: Link, authid: &str) -> Peer {
    let mut peer = Peer::connect(router, link).await;
    let roles = json!({"subscriber": {}, "publisher": {}, "caller": {}, "callee": {}});
    peer.send(json!([1, "realm1", {"roles": roles, "authmethods": ["ticket"], "authid": authid}])).await;
    peer.expect(json!([4, "ticket", {}])).await;
    peer.send(json!([5, "secret", {}])).await;
    peer.welcomed().await;
    peer
}
