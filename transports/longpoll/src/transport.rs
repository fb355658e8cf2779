//! The two halves of a transport, over its [`Mailbox`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use crossway_core::serializer::Serializer;
use crossway_core::transport::{
    Backlog, Close, Framed, Framing, Inbound, Outgoing, Sink, Source, Transport, TransportError,
    TransportInfo,
};
use crossway_framing::{BatchSource, Batching};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::LongPollCounters;
use crate::mailbox::Mailbox;
use crate::mailboxes::Place;

/// A transport whose client comes and goes.
pub(crate) struct LongPollTransport {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) place: Place,
    pub(crate) serializer: Arc<dyn Serializer>,
    pub(crate) max_message: usize,
    pub(crate) info: Arc<TransportInfo>,
    pub(crate) idle_timeout: Duration,
    pub(crate) counters: Arc<LongPollCounters>,
}

impl Transport for LongPollTransport {
    fn serializer(&self) -> Arc<dyn Serializer> {
        Arc::clone(&self.serializer)
    }

    fn info(&self) -> Arc<TransportInfo> {
        Arc::clone(&self.info)
    }

    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>) {
        let LongPollTransport { mailbox, place, max_message, idle_timeout, counters, .. } = *self;
        let (batching, separator) = (mailbox.batching, mailbox.separator.clone());
        let patience = Patience::new(idle_timeout, counters);
        let source =
            MailboxSource { mailbox: Arc::clone(&mailbox), patience: patience.clone(), _place: place };
        let sink = MailboxSink { mailbox, batching, patience };
        match batching {
            None => (Box::new(source), Box::new(sink)),
            Some(batching) => {
                (Box::new(BatchSource::new(source, batching, separator, max_message)), Box::new(sink))
            }
        }
    }
}

/// When a client that does not fetch is given up. Each half has a timer of its own: a session that is too busy to read still
/// writes, and one that has nothing to write still reads.
struct Patience {
    timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    counters: Arc<LongPollCounters>,
}

impl Clone for Patience {
    fn clone(&self) -> Self {
        Patience::new(self.timeout, Arc::clone(&self.counters))
    }
}

impl Patience {
    fn new(timeout: Duration, counters: Arc<LongPollCounters>) -> Self {
        Patience { timeout, timer: None, counters }
    }

    /// Ready when it is over.
    fn poll(&mut self, mailbox: &Mailbox, cx: &mut Context<'_>) -> Poll<TransportError> {
        let timer = self.timer.get_or_insert_with(|| {
            let end = mailbox.silent_since() + self.timeout;
            Box::pin(sleep_until(end))
        });
        loop {
            ready!(timer.as_mut().poll(cx));
            let end = mailbox.silent_since() + self.timeout;
            if end <= Instant::now() {
                self.counters.expired.increment();
                mailbox.close();
                let what = "no request for messages for too long";
                return Poll::Ready(TransportError::Io(std::io::Error::new(
                    std::io::ErrorKind::TimedOut,
                    what,
                )));
            }
            timer.as_mut().reset(end);
        }
    }
}

/// Hands over bodies: messages, or batches.
struct MailboxSource {
    mailbox: Arc<Mailbox>,
    patience: Patience,
    /// Here and not in the sink, which may outlive the connection in tables that are cleared later.
    _place: Place,
}

impl Source for MailboxSource {
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        if let Poll::Ready(arrived) = self.mailbox.poll_arrived(cx) {
            batch.extend(arrived?.into_iter().map(Inbound::Message));
            return Poll::Ready(Ok(()));
        }
        self.patience.poll(&self.mailbox, cx).map(Err)
    }
}

/// Leaves messages in the mailbox.
struct MailboxSink {
    mailbox: Arc<Mailbox>,
    batching: Option<Batching>,
    patience: Patience,
}

impl Sink for MailboxSink {
    fn put(&mut self, message: Outgoing<'_>) {
        let mut octets = BytesMut::with_capacity(message.len() + Batching::OVERHEAD);
        match self.batching {
            None => message.write(&mut octets),
            Some(batching) => batching.write(message, &mut octets),
        }
        self.mailbox.put(octets.freeze(), 1);
    }

    fn framing(&self) -> Option<&'static Framing> {
        self.batching.map(Batching::framing)
    }

    /// A copy: the slice may be of a buffer that is much longer, and who knows when it is fetched.
    fn put_framed(&mut self, messages: Framed<'_>) {
        self.mailbox.put(Bytes::copy_from_slice(messages.octets), messages.messages);
    }

    /// The source never asks for one.
    fn control(&mut self, _frame: Bytes) {}

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        match self.mailbox.poll_flush(cx) {
            Poll::Pending => self.patience.poll(&self.mailbox, cx).map(Err),
            ready => ready,
        }
    }

    /// Waits until the client has fetched everything. How long is core's to say.
    fn poll_close(&mut self, cx: &mut Context<'_>, _why: Close) -> Poll<()> {
        self.mailbox.finish();
        self.mailbox.poll_flush(cx).map(drop)
    }

    fn backlog(&self) -> Backlog {
        self.mailbox.backlog()
    }

    fn max_message(&self) -> usize {
        self.batching.map_or(usize::MAX, Batching::max_message)
    }
}
