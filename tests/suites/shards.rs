//! Sharded registrations: `runmode` and `rkey` of CALL, and `nkey` of REGISTER.

use crossway_tests::pattern::ID;
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere, on_memory};
use serde_json::{Value, json};

use crate::rpc::{PROCEDURE, pair};
use crate::sharding::winner;

const NODES: [&str; 3] = ["node1", "node2", "node3"];

/// One callee for each node.
async fn nodes(router: &TestRouter, link: Link, options: Value) -> (Vec<(&'static str, Peer)>, u64) {
    let (mut nodes, mut registration) = (Vec::new(), 0);
    for name in NODES {
        let mut callee = Peer::join(router, link).await;
        let mut options = options.clone();
        options["nkey"] = json!(name);
        registration = callee.register_with(PROCEDURE, options).await;
        nodes.push((name, callee));
    }
    (nodes, registration)
}

fn partition(key: &str) -> Value {
    json!({"runmode": "partition", "rkey": key})
}

fn node<'a>(nodes: &'a mut [(&'static str, Peer)], name: &str) -> &'a mut Peer {
    &mut nodes.iter_mut().find(|(known, _)| *known == name).expect("a node").1
}

// covers: RPC-SHARD-01, RPC-SHARD-04
#[test]
fn a_resource_has_one_node_that_everybody_can_compute() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let (mut nodes, id) = nodes(router, link, json!({"invoke": "roundrobin"})).await;
        for number in 0..12 {
            let key = format!("resource{number}");
            let call = caller.call_with(PROCEDURE, partition(&key), json!([key])).await;
            let callee = node(&mut nodes, winner(&key, &NODES));
            let invocation = callee.expect_invocation(id, json!([key])).await;
            callee.send(json!([70, invocation, {}])).await;
            caller.expect(json!([50, call, {}])).await;
        }
        // Other calls are routed as ever, a key without a run mode included.
        for (_, callee) in &mut nodes {
            caller.call_with(PROCEDURE, json!({"rkey": "resource"}), json!(["any"])).await;
            callee.expect_invocation(id, json!(["any"])).await;
        }
    });
}

// covers: RPC-SHARD-04
#[test]
fn a_node_that_leaves_moves_its_own_resources_only() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let (mut nodes, id) = nodes(router, link, json!({"invoke": "first"})).await;
        let gone = NODES[1];
        let left = [NODES[0], NODES[2]];
        crate::rpc::unregister(node(&mut nodes, gone), id).await;
        for number in 0..12 {
            let key = format!("resource{number}");
            let owner = winner(&key, &left);
            if winner(&key, &NODES) != gone {
                assert_eq!(owner, winner(&key, &NODES));
            }
            caller.call_with(PROCEDURE, partition(&key), json!([key])).await;
            node(&mut nodes, owner).expect_invocation(id, json!([key])).await;
        }
    });
}

// covers: RPC-SHARD-01, RPC-SHARD-02
#[test]
fn a_partition_needs_a_key_and_there_is_no_other_run_mode() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        for (options, uri) in [
            (json!({"runmode": "partition"}), "wamp.error.invalid_argument"),
            (json!({"runmode": "all"}), "wamp.error.option_not_allowed"),
            (json!({"runmode": "all", "rkey": "resource"}), "wamp.error.option_not_allowed"),
        ] {
            let call = caller.call_with(PROCEDURE, options, json!([])).await;
            caller.expect_error(48, call, uri).await;
        }
        callee.expect_silence().await;
        caller.call_with(PROCEDURE, partition("resource"), json!(["the only one"])).await;
        callee.expect_invocation(registration, json!(["the only one"])).await;
        caller.call_with(PROCEDURE, json!({"runmode": 1}), json!([])).await;
        caller.expect_violation("runmode").await;
    });
}

// covers: RPC-SHARD-04
#[test]
fn callees_without_a_node_key_are_nodes_by_their_session() {
    on_memory(Plan::default(), async |router| {
        let link = Link::DEFAULT;
        let mut caller = Peer::join(router, link).await;
        let ([one, two, three], id) = crate::shared::callees(router, link, json!({"invoke": "random"})).await;
        let mut callees = [one, two, three];
        let names: Vec<String> = callees.iter().map(|callee| callee.session().to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for number in 0..30 {
            let key = format!("resource{number}");
            caller.call_with(PROCEDURE, partition(&key), json!([key])).await;
            let owner = winner(&key, &names);
            let at = names.iter().position(|name| *name == owner).expect("one of them");
            callees[at].expect_invocation(id, json!([key])).await;
        }
    });
}

// covers: RPC-SHARD-04, RPC-REROUTE-01
#[test]
fn where_the_node_is_unavailable_the_next_one_is_asked() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let (mut nodes, id) = nodes(router, link, json!({"invoke": "roundrobin"})).await;
        let key = "resource";
        let call = caller.call_with(PROCEDURE, partition(key), json!([key])).await;
        let mut left = NODES.to_vec();
        let first = winner(key, &left);
        let callee = node(&mut nodes, first);
        let invocation = callee.expect_invocation(id, json!([key])).await;
        callee.send(json!([8, 68, invocation, {}, "wamp.error.unavailable"])).await;
        left.retain(|name| *name != first);
        let callee = node(&mut nodes, winner(key, &left));
        let invocation = callee.expect_invocation(id, json!([key])).await;
        callee.send(json!([70, invocation, {}])).await;
        caller.expect(json!([50, call, {}])).await;
    });
}

// covers: RPC-SHARD-04
#[test]
fn a_node_that_is_busy_is_not_waited_for() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let (mut nodes, id) = nodes(router, link, json!({"invoke": "roundrobin", "concurrency": 1})).await;
        let key = "resource";
        caller.call_with(PROCEDURE, partition(key), json!([key])).await;
        let owner = winner(key, &NODES);
        node(&mut nodes, owner).expect_invocation(id, json!([key])).await;
        let call = caller.call_with(PROCEDURE, partition(key), json!([key])).await;
        caller.expect_error(48, call, "wamp.error.unavailable").await;
        for (_, callee) in &mut nodes {
            callee.expect_silence().await;
        }
    });
}

// covers: RPC-SHARD-01
#[test]
fn keys_are_no_longer_than_a_uri() {
    on_memory(Plan::limits(|limits| limits.max_uri_length = 20), async |router| {
        let mut callee = Peer::join(router, Link::DEFAULT).await;
        let request = callee.request();
        callee.send(json!([64, request, {"nkey": "n".repeat(21)}, PROCEDURE])).await;
        callee.expect_error(64, request, "wamp.error.invalid_argument").await;
        let registration = callee.register_with(PROCEDURE, json!({"nkey": "n".repeat(20)})).await;
        callee.call_with(PROCEDURE, partition(&"r".repeat(20)), json!([1])).await;
        callee.expect(json!([68, ID, registration, {}, [1]])).await;
        callee.call_with(PROCEDURE, partition(&"r".repeat(21)), json!([1])).await;
        callee.expect_violation("rkey").await;
    });
}
