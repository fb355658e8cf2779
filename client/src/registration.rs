//! Registering procedures, and running them.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use crossway_core::message::{InvocationDetails, RegisterOptions};
use crossway_core::{Dict, Id, Value};

use crate::actor::command::{Command, Guard};
use crate::payload::{Arguments, takes_arguments};
use crate::{CallError, Error, Session};

/// What a handler makes of an invocation, in the background.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<Reply, CallError>> + Send>>;

/// A procedure's code.
pub(crate) type Handler = Arc<dyn Fn(Invocation) -> Running + Send + Sync>;

/// A registration to be; await it to register.
#[must_use = "nothing is registered before it is awaited"]
pub struct Register<'s> {
    session: &'s Session,
    procedure: String,
    options: RegisterOptions,
    handler: Handler,
}

impl<'s> Register<'s> {
    pub(crate) fn new<F, R>(session: &'s Session, procedure: String, handler: F) -> Self
    where
        F: Fn(Invocation) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Reply, CallError>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |invocation| Box::pin(handler(invocation)));
        Register { session, procedure, options: RegisterOptions::default(), handler }
    }

    /// Asks to be told who calls, in [`Invocation::details`].
    pub fn disclose_caller(mut self) -> Self {
        self.options.disclose_caller = Some(true);
        self
    }

    /// Replaces all options.
    pub fn options(mut self, options: RegisterOptions) -> Self {
        self.options = options;
        self
    }

    async fn run(self) -> Result<Registration, Error> {
        let Register { session, procedure, options, handler } = self;
        let guard = Guard::new(session);
        let token = guard.token();
        let id = session.ask(|reply| Command::Register { token, procedure, options, handler, reply }).await?;
        Ok(Registration { guard, id })
    }
}

impl<'s> IntoFuture for Register<'s> {
    type Output = Result<Registration, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Register<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Register").field("procedure", &self.procedure).finish_non_exhaustive()
    }
}

/// A registered procedure. Dropping it unregisters; calls that are running then are still answered.
#[derive(Debug)]
#[must_use = "dropping it unregisters the procedure"]
pub struct Registration {
    guard: Guard,
    id: Id,
}

impl Registration {
    /// The registration's id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Leaves the procedure registered for as long as the session lasts.
    pub fn keep(self) {
        self.guard.disarm();
    }

    /// Unregisters and waits until it is done: no invocation follows. Without this, dropping it does the same in the
    /// background.
    ///
    /// # Errors
    /// The session ended first.
    pub async fn unregister(self) -> Result<(), Error> {
        let token = self.guard.token();
        match self.guard.session() {
            Some(session) => session.ask(|reply| Command::Unregister { token, reply }).await,
            None => Ok(()),
        }
    }
}

/// A call that this session has to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The invocation's id.
    pub request: Id,
    /// What the dealer said about it, such as the caller where it is disclosed.
    pub details: InvocationDetails,
    /// The arguments.
    pub args: Vec<Value>,
    /// The keyword arguments.
    pub kwargs: Dict,
}

/// What a procedure returns.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    pub(crate) arguments: Arguments,
}

impl Reply {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    takes_arguments!();
}
