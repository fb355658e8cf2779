//! Bodies of answers, and when what they carry has left.
//!
//! ```text
//!   Body::Items ── its last octets given to hyper ──> Carried ── all is written, and flushed ──> InFlight::written
//!        └──────────────── dropped before ────────────────┴───────────────────────────────────> InFlight dropped
//! ```

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;

use crate::mailbox::InFlight;

/// What hyper has been given on one connection and not yet written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried(Arc<Mutex<Vec<InFlight>>>);

impl Carried {
    /// All of it is written.
    pub(crate) fn written(&self) {
        let written = std::mem::take(&mut *self.0.lock());
        written.into_iter().for_each(InFlight::written);
    }
}

/// The body of an answer.
pub(crate) enum Body {
    /// In one piece, until it is given away.
    Whole(Option<Bytes>),
    /// Messages.
    Items(Items),
}

/// Messages that are in flight.
pub(crate) struct Items {
    rest: std::vec::IntoIter<Bytes>,
    len: u64,
    in_flight: Option<InFlight>,
    carried: Carried,
}

impl Body {
    pub(crate) fn whole(octets: impl Into<Bytes>) -> Self {
        Body::Whole(Some(octets.into()).filter(|octets| !octets.is_empty()))
    }

    /// There is at least one item.
    pub(crate) fn items(items: Vec<Bytes>, in_flight: InFlight, carried: Carried) -> Self {
        let len = items.iter().map(|item| item.len() as u64).sum();
        Body::Items(Items { rest: items.into_iter(), len, in_flight: Some(in_flight), carried })
    }
}

impl Items {
    fn next(&mut self) -> Option<Bytes> {
        let item = self.rest.next()?;
        self.len -= item.len() as u64;
        if self.rest.len() == 0 {
            self.carried.0.lock().extend(self.in_flight.take());
        }
        Some(item)
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut *self {
            Body::Whole(octets) => octets.take(),
            Body::Items(items) => items.next(),
        };
        Poll::Ready(next.map(|octets| Ok(Frame::data(octets))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Whole(octets) => octets.is_none(),
            Body::Items(items) => items.rest.len() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Body::Whole(octets) => octets.as_ref().map_or(0, |octets| octets.len() as u64),
            Body::Items(items) => items.len,
        })
    }
}
