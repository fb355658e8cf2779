//! What handles ask of the actor.

use crossway_core::Id;
use crossway_core::message::{CallOptions, Payload, PublishOptions, RegisterOptions};
use tokio::sync::{mpsc, oneshot};

use crate::registration::Handler;
use crate::subscription::Arrival;
use crate::{Error, Session};

/// Where an answer goes.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// Names a call, a subscription or a registration of one session from before the router has a name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Token(pub(crate) u64);

/// Something to be sent to the router.
pub(crate) enum Command {
    Publish {
        topic: String,
        options: PublishOptions,
        payload: Payload,
        reply: Answer<()>,
    },
    AcknowledgedPublish {
        topic: String,
        options: PublishOptions,
        payload: Payload,
        reply: Answer<Id>,
    },
    Subscribe {
        token: Token,
        topic: String,
        events: mpsc::Sender<Arrival>,
        reply: Answer<Id>,
    },
    Unsubscribe {
        token: Token,
        reply: Answer<()>,
    },
    Register {
        token: Token,
        procedure: String,
        options: RegisterOptions,
        handler: Handler,
        reply: Answer<Id>,
    },
    Unregister {
        token: Token,
        reply: Answer<()>,
    },
    Call {
        token: Token,
        procedure: String,
        options: CallOptions,
        payload: Payload,
        reply: Answer<Payload>,
    },
    Leave,
}

/// Tells the actor that its token was dropped, so that what it names can be undone.
///
/// It exists before the command is given and is dropped after the receiver of its answer. So a command whose answer nobody
/// awaits any more is not carried out, and one that was carried out has its departure behind it.
#[derive(Debug)]
pub(crate) struct Guard {
    session: Option<Session>,
    token: Token,
}

impl Guard {
    pub(crate) fn new(session: &Session) -> Self {
        Guard { session: Some(session.clone()), token: session.next_token() }
    }

    pub(crate) fn token(&self) -> Token {
        self.token
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Nothing is to be undone.
    pub(crate) fn disarm(mut self) {
        self.session = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            session.depart(self.token);
        }
    }
}
