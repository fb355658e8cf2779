//! From a decision to what the session is told.

use super::{Asked, Decision, Grant, Verdict};
use crate::error::Refusal;
use crate::id::Id;
use crate::limits::Counters;
use crate::seldom::Seldom;
use crate::uri;

/// Whoever may ask can make it fail as often as they like.
static FAILED: Seldom = Seldom::new();

/// Somebody asks for something, to be told what came of it.
#[derive(Clone, Copy)]
pub(crate) struct Matter<'a> {
    pub(crate) session: Id,
    pub(crate) uri: &'a str,
    pub(crate) asked: Asked<'a>,
    pub(crate) counters: &'a Counters,
}

impl Matter<'_> {
    /// The terms, or why not.
    pub(crate) fn settle(self, decision: &Decision) -> Result<Grant, Refusal> {
        match &decision.verdict {
            Verdict::Allowed(grant) => self.within(*grant),
            Verdict::Denied => Err(self.denied()),
            Verdict::Failed(why) => {
                self.counters.authorizations_failed.increment();
                let (session, action) = (self.session, self.asked.action().name());
                if let Some(left_out) = FAILED.is_time() {
                    tracing::warn!(%session, action, uri = self.uri, %why, left_out, "authorization failed");
                }
                Err(Refusal::new(uri::AUTHORIZATION_FAILED, why.clone()))
            }
        }
    }

    /// The grant, if the options ask for nothing that it rules out.
    #[inline]
    pub(crate) fn within(self, grant: Grant) -> Result<Grant, Refusal> {
        match grant.constraints.refused(self.asked) {
            None => Ok(grant),
            Some(wish) => {
                self.counters.authorizations_denied.increment();
                let (option, action) = (wish.option(), self.asked.action().name());
                let text =
                    format!("this session may {action} {}, but not with this option: {option}", self.uri);
                Err(Refusal::new(uri::OPTION_NOT_ALLOWED, text))
            }
        }
    }

    /// It may not do that.
    #[cold]
    pub(crate) fn denied(self) -> Refusal {
        self.counters.authorizations_denied.increment();
        let (session, action, uri) = (self.session, self.asked.action().name(), self.uri);
        tracing::debug!(%session, action, uri, "denied");
        Refusal::new(uri::NOT_AUTHORIZED, format!("this session may not {action} {uri}"))
    }
}
