//! What every serializer has to keep, and the test vectors of the WAMP project.

use crossway_msgpack::MessagePack;

#[test]
fn keeps_the_contract() {
    crossway_conformance::contract::check(&MessagePack);
}

#[test]
fn reads_and_writes_the_test_vectors() {
    crossway_conformance::vectors::check(&MessagePack);
}
