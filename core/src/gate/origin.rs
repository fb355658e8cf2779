//! Where somebody comes from, as far as it can be told from others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::transport::TransportInfo;

/// What counts as one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    V4(Ipv4Addr),
    /// The network of 64 bits: all of it belongs to one customer, who may take any address in it.
    V6([u8; 8]),
    /// A user of this host, by its number, at a Unix socket.
    User(u32),
}

impl Origin {
    /// `None` where there is none: sessions inside the process.
    pub(super) fn of(info: &TransportInfo) -> Option<Origin> {
        if let Ok(address) = info.peer.parse::<SocketAddr>() {
            return Some(match address.ip().to_canonical() {
                IpAddr::V4(ip) => Origin::V4(ip),
                IpAddr::V6(ip) => {
                    let [a, b, c, d, e, f, g, h, ..] = ip.octets();
                    Origin::V6([a, b, c, d, e, f, g, h])
                }
            });
        }
        let credentials = info.auth.as_ref().and_then(|auth| auth.credentials);
        credentials.map(|credentials| Origin::User(credentials.uid))
    }
}
