//! Channel binding: what ties the dialogue to the TLS connection that it runs over.

use std::sync::Arc;

use crossway_core::transport::TransportInfo;

/// A kind of channel binding that the connection has, and what it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) name: &'static str,
    pub(crate) data: Arc<[u8]>,
}

impl Binding {
    /// The one that the client asks for; nothing if the connection does not have it. `tls-unique` no connection has: the TLS
    /// library gives no Finished messages.
    pub(crate) fn find(name: &str, transport: &TransportInfo) -> Option<Binding> {
        let channel = transport.auth.as_ref()?.channel.as_ref()?;
        match name {
            "tls-exporter" => {
                Some(Binding { name: "tls-exporter", data: channel.exporter.as_slice().into() })
            }
            "tls-server-end-point" => {
                Some(Binding { name: "tls-server-end-point", data: Arc::clone(&channel.server_end_point) })
            }
            _ => None,
        }
    }
}
