//! Calling.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use crossway_core::message::{CallOptions, Payload};
use crossway_core::{Dict, Value};

use crate::actor::command::{Command, Guard};
use crate::payload::{Arguments, takes_arguments};
use crate::{Error, Session};

/// A call to be; await it to make it. A call that is dropped before its result arrives is canceled.
#[derive(Clone, Debug)]
#[must_use = "nothing is called before it is awaited"]
pub struct Call<'s> {
    session: &'s Session,
    procedure: String,
    options: CallOptions,
    arguments: Arguments,
}

/// What a procedure returned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallResult {
    /// Its results.
    pub args: Vec<Value>,
    /// Its results with names.
    pub kwargs: Dict,
}

impl<'s> Call<'s> {
    pub(crate) fn new(session: &'s Session, procedure: String) -> Self {
        Call { session, procedure, options: CallOptions::default(), arguments: Arguments::default() }
    }

    takes_arguments!();

    /// Tells the callee who calls.
    pub fn disclose_me(mut self) -> Self {
        self.options.disclose_me = Some(true);
        self
    }

    /// Replaces all options.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    async fn run(self) -> Result<CallResult, Error> {
        let Call { session, procedure, options, arguments } = self;
        let payload = arguments.spell(session.serializer())?;
        let guard = Guard::new(session);
        let token = guard.token();
        let answer = session.ask(|reply| Command::Call { token, procedure, options, payload, reply }).await;
        guard.disarm();
        let payload: Payload = answer?;
        let (args, kwargs) = payload.read(session.serializer())?;
        Ok(CallResult { args, kwargs })
    }
}

impl<'s> IntoFuture for Call<'s> {
    type Output = Result<CallResult, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
