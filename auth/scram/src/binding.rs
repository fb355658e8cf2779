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
        let (name, data) = match name {
            "tls-exporter" => ("tls-exporter", Arc::from(channel.exporter?)),
            "tls-server-end-point" => ("tls-server-end-point", channel.server_end_point.clone()?),
            _ => return None,
        };
        Some(Binding { name, data })
    }
}
