//! Stands in where TLS was left out of the build.

use std::io;

use super::Trust;
use crate::error::Error;
use crate::socket::Carrier;
use crate::url::Url;

/// There is none.
#[derive(Clone, Debug)]
pub(crate) enum Client {}

impl Client {
    pub(crate) fn new(_: &Url, _: Trust<'_>) -> Result<Client, Error> {
        Err(Error::Usage("this program was built without TLS (feature `tls`)".into()))
    }

    pub(crate) fn wrap(&self, _: Carrier) -> io::Result<TlsStream> {
        match *self {}
    }
}

/// There is none.
#[derive(Debug)]
pub(crate) enum TlsStream {}

impl TlsStream {
    pub(crate) fn carrier(&mut self) -> &mut Carrier {
        match *self {}
    }

    pub(crate) fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }

    pub(crate) fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match *self {}
    }
}
