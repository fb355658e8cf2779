//! What every serializer has to keep, and the test vectors of the WAMP project.

use crossway_json::Json;

#[test]
fn keeps_the_contract() {
    crossway_conformance::contract::check(&Json);
}

#[test]
fn reads_and_writes_the_test_vectors() {
    crossway_conformance::vectors::check(&Json);
}
