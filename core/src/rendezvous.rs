//! Which node has a resource in its care: rendezvous hashing, for sharded subscriptions and registrations.
//!
//! Law: stable for all time and the same everywhere, since clients may want to compute it themselves. The specification
//! gives no rule; this is ours. Of several nodes the one with the greatest weight has the resource; a node that comes or
//! goes moves only the resources that are its own.
//!
//! ```text
//!   h      = FNV-1a, 64 bits, over the octets: resource key, 0x00, node key
//!   weight = fmix64(h), the last step of MurmurHash3: without it keys that end alike weigh alike
//! ```

/// The weight of `node` for the resource `key`.
pub(crate) fn weight(key: &str, node: &str) -> u64 {
    let octets = key.bytes().chain([0]).chain(node.bytes());
    let hash = octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    fmix64(hash)
}

fn fmix64(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: [&str; 4] = ["node1", "node2", "node3", "node4"];

    fn owner<'n>(key: &str, nodes: &[&'n str]) -> Option<&'n str> {
        nodes.iter().copied().max_by_key(|node| weight(key, node))
    }

    #[test]
    fn weights_never_change() {
        assert_eq!(weight("", ""), fmix64(0xaf63_bd4c_8601_b7df));
        assert_eq!(weight("resource", "node"), weight("resource", "node"));
        assert_ne!(weight("a", "bc"), weight("ab", "c"));
    }

    #[test]
    fn every_node_gets_its_share() {
        let mut shares = [0; NODES.len()];
        for key in 0..4000 {
            let owner = owner(&format!("resource{key}"), &NODES);
            let at = NODES.iter().position(|node| Some(*node) == owner);
            shares[at.expect("there are nodes")] += 1;
        }
        assert!(shares.iter().all(|share| (850..1150).contains(share)), "{shares:?}");
    }

    #[test]
    fn a_node_that_leaves_moves_nothing_but_its_own() {
        for key in (0..1000).map(|key| format!("resource{key}")) {
            let before = owner(&key, &NODES);
            let after = owner(&key, &NODES[..3]);
            assert!(before == after || before == Some("node4"), "{key}");
        }
    }
}
