//! Channel binding: what is signed belongs to one TLS connection, so that nobody in the middle can pass it on.

use crossway_core::auth::AuthError;
use crossway_core::transport::TransportInfo;

use crate::key::LENGTH;

/// The only kind there is here. `tls-unique` needs the Finished messages of TLS 1.2, which rustls does not give away, and its
/// 12 octets would have to be made 32 in a way that nobody has written down.
pub(crate) const TLS_EXPORTER: &str = "tls-exporter";

/// Whether signatures are bound to the TLS connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never, whatever clients ask for.
    Off,
    /// For clients that ask for `tls-exporter`. Who asks for something else goes on without, and can tell from CHALLENGE.
    #[default]
    Optional,
    /// Who doesn't ask for `tls-exporter` over TLS is turned away.
    Required,
}

impl ChannelBinding {
    /// The channel id for a client that asked for a kind of binding, or not; `None`: signed as it is.
    pub(crate) fn negotiate(
        self,
        asked: Option<&str>,
        transport: &TransportInfo,
    ) -> Result<Option<[u8; LENGTH]>, AuthError> {
        let channel = transport.auth.as_ref().and_then(|evidence| evidence.channel.as_ref());
        let id = channel.filter(|_| asked == Some(TLS_EXPORTER)).and_then(|channel| channel.exporter);
        match self {
            ChannelBinding::Off => Ok(None),
            ChannelBinding::Required if id.is_none() => Err(AuthError::Denied(format!(
                "cryptosign needs authextra.channel_binding = {TLS_EXPORTER:?}, over TLS"
            ))),
            ChannelBinding::Optional | ChannelBinding::Required => Ok(id),
        }
    }
}

/// What is signed: the challenge, or challenge XOR channel id.
pub(crate) fn message(challenge: &[u8; LENGTH], id: Option<&[u8; LENGTH]>) -> [u8; LENGTH] {
    match id {
        None => *challenge,
        Some(id) => std::array::from_fn(|at| challenge[at] ^ id[at]),
    }
}
