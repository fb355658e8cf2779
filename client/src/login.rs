//! From HELLO to WELCOME.

use std::fmt;

use bytes::Bytes;
use crossway_core::auth::{AuthError, Response};
use crossway_core::message::{Abort, Authenticate, Hello, Message, Welcome};
use crossway_core::transport::Transport;
use crossway_core::{Dict, Secret, Value};

use crate::actor::wire::Wire;
use crate::{JoinError, Session};

/// Answers CHALLENGEs of one method.
type Answer = Box<dyn FnMut(&Dict) -> Result<Response, AuthError> + Send>;

/// How to join a realm. [`Session::join`] is short for the anonymous case.
///
/// ```no_run
/// # async fn f(transport: crossway_memory::MemoryTransport) -> Result<(), crossway_client::JoinError> {
/// use crossway_client::Login;
///
/// let session = Login::new("realm1").authid("joe").ticket("secret").join(transport).await?;
/// # Ok(()) }
/// ```
#[must_use]
pub struct Login {
    realm: String,
    authid: Option<String>,
    authextra: Dict,
    methods: Vec<(String, Answer)>,
    max_invocations: usize,
}

impl Login {
    /// To `realm`, anonymously unless a method is added.
    pub fn new(realm: impl Into<String>) -> Self {
        Login {
            realm: realm.into(),
            authid: None,
            authextra: Dict::new(),
            methods: Vec::new(),
            max_invocations: 1024,
        }
    }

    /// Says who this is.
    pub fn authid(mut self, authid: impl Into<String>) -> Self {
        self.authid = Some(authid.into());
        self
    }

    /// `HELLO.Details.authextra`: what some methods want to know beforehand.
    pub fn authextra(mut self, extra: Dict) -> Self {
        self.authextra = extra;
        self
    }

    /// Offers the method `ticket`.
    pub fn ticket(self, ticket: impl Into<String>) -> Self {
        let ticket = Secret::from(ticket.into());
        self.answer("ticket", move |_| Ok(Response { signature: ticket.clone(), extra: Dict::new() }))
    }

    /// Offers a method: `answer` is shown `CHALLENGE.Extra` and returns what AUTHENTICATE says. The router takes the first
    /// method offered that it knows.
    pub fn answer(
        mut self,
        method: impl Into<String>,
        answer: impl FnMut(&Dict) -> Result<Response, AuthError> + Send + 'static,
    ) -> Self {
        self.methods.push((method.into(), Box::new(answer)));
        self
    }

    /// How many invocations this session runs at the same time; the ones beyond are answered with
    /// `wamp.error.unavailable`. 1024 unless said otherwise.
    pub fn max_invocations(mut self, limit: usize) -> Self {
        self.max_invocations = limit;
        self
    }

    /// Joins. Has to be called within a tokio runtime; takes as long as the router wants, so wrap it in a timeout where
    /// the router isn't trusted.
    ///
    /// # Errors
    /// Why there is no session.
    pub async fn join(mut self, transport: impl Transport) -> Result<Session, JoinError> {
        let mut wire = Wire::new(Box::new(transport));
        wire.say(Hello { realm: self.realm.as_str().into(), details: self.details() })
            .map_err(|error| JoinError::Lost(error.to_string()))?;
        loop {
            let frame = wire.next_frame().await.map_err(|error| JoinError::Lost(error.to_string()))?;
            if let Some(welcome) = self.step(&mut wire, &frame)? {
                return Ok(Session::start(wire, &welcome, self.max_invocations));
            }
        }
    }

    /// One message of the router's.
    fn step(&mut self, wire: &mut Wire, frame: &Bytes) -> Result<Option<Welcome>, JoinError> {
        let serializer = wire.serializer().clone();
        let protocol = |what: String| JoinError::Protocol(what);
        let scan = serializer.scan(frame, wire.depth()).map_err(|error| protocol(error.to_string()))?;
        let message = Message::decode(frame, &scan, &*serializer);
        match message.map_err(|error| protocol(error.to_string()))? {
            Message::Welcome(welcome) => Ok(Some(welcome)),
            Message::Abort(Abort { reason, details, .. }) => {
                let message = message_of(&details);
                Err(JoinError::Refused { reason: reason.into_owned(), message })
            }
            Message::Challenge(challenge) => {
                let known = self.methods.iter_mut().find(|(method, _)| *method == challenge.method);
                let Some((_, answer)) = known else {
                    return Err(protocol(format!("CHALLENGE for {:?}, not offered", challenge.method)));
                };
                let Response { signature, extra } = answer(&challenge.extra)?;
                wire.say(Authenticate { signature, extra })
                    .map_err(|error| JoinError::Lost(error.to_string()))?;
                Ok(None)
            }
            other => Err(protocol(format!("{} during the handshake", other.code().name()))),
        }
    }

    fn details(&self) -> Dict {
        let methods = if self.methods.is_empty() {
            vec![Value::from("anonymous")]
        } else {
            self.methods.iter().map(|(method, _)| Value::from(method.as_str())).collect()
        };
        let mut details = Dict::new().with("roles", roles()).with("authmethods", methods);
        details.insert("agent", concat!("Crossway-", env!("CARGO_PKG_VERSION")));
        if let Some(authid) = &self.authid {
            details.insert("authid", authid.as_str());
        }
        if !self.authextra.is_empty() {
            details.insert("authextra", self.authextra.clone());
        }
        details
    }
}

/// What this client can do.
fn roles() -> Dict {
    let role = |features: &[&str]| {
        let features: Dict = features.iter().map(|feature| (*feature, true)).collect();
        Dict::new().with("features", features)
    };
    Dict::new()
        .with("publisher", role(&["publisher_exclusion", "publisher_identification"]))
        .with("subscriber", role(&["publisher_identification"]))
        .with("caller", role(&["call_canceling", "caller_identification"]))
        .with("callee", role(&["call_canceling", "caller_identification"]))
}

/// `Details.message` of an ABORT.
pub(crate) fn message_of(details: &Dict) -> String {
    details.get("message").and_then(Value::as_text).unwrap_or_default().to_owned()
}

impl fmt::Debug for Login {
    /// Shows no secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<&str> = self.methods.iter().map(|(method, _)| method.as_str()).collect();
        f.debug_struct("Login")
            .field("realm", &self.realm)
            .field("authid", &self.authid)
            .field("methods", &methods)
            .finish_non_exhaustive()
    }
}
