//! What is asked of an authorizer.

use crate::auth::Identity;
use crate::id::Id;
use crate::message::{CallOptions, Match, Options, PublishOptions, RegisterOptions, SubscribeOptions};
use crate::value::Dict;

/// What a session wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// REGISTER a procedure.
    Register,
    /// CALL a procedure.
    Call,
    /// SUBSCRIBE to a topic.
    Subscribe,
    /// PUBLISH to a topic.
    Publish,
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 4] = [Action::Register, Action::Call, Action::Subscribe, Action::Publish];

    /// The word for it in configurations and answers: `register`.
    pub fn name(self) -> &'static str {
        match self {
            Action::Register => "register",
            Action::Call => "call",
            Action::Subscribe => "subscribe",
            Action::Publish => "publish",
        }
    }

    /// The action with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Action::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actions(u8);

impl Actions {
    /// No action.
    pub const NONE: Actions = Actions(0);
    /// Every action.
    pub const ALL: Actions = Actions(0b1111);

    /// Whether `action` is one of them.
    pub fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u8) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Actions::NONE
    }

    /// Those in the set.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.contains(*action))
    }
}

impl From<Action> for Actions {
    fn from(action: Action) -> Self {
        Actions(1 << action as u8)
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        actions.into_iter().fold(Actions::NONE, |all, action| Actions(all.0 | Actions::from(action).0))
    }
}

/// The action, with the options of the message as they were understood: what the router does not know is not in them.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// REGISTER.
    Register(&'a RegisterOptions),
    /// CALL.
    Call(&'a CallOptions),
    /// SUBSCRIBE, or a look at what was published.
    Subscribe(&'a SubscribeOptions),
    /// PUBLISH, or a testament.
    Publish(&'a PublishOptions),
}

impl Asked<'_> {
    /// The action alone.
    pub fn action(&self) -> Action {
        match self {
            Asked::Register(_) => Action::Register,
            Asked::Call(_) => Action::Call,
            Asked::Subscribe(_) => Action::Subscribe,
            Asked::Publish(_) => Action::Publish,
        }
    }

    /// How the URI is meant: a pattern only in SUBSCRIBE and REGISTER.
    pub fn policy(&self) -> Match {
        match self {
            Asked::Register(options) => options.policy.unwrap_or(Match::Exact),
            Asked::Subscribe(options) => options.policy.unwrap_or(Match::Exact),
            Asked::Call(_) | Asked::Publish(_) => Match::Exact,
        }
    }

    /// The options as a dictionary, for those who decide elsewhere. Made anew for each call.
    pub fn to_dict(&self) -> Dict {
        match *self {
            Asked::Register(options) => options.clone().into_dict(),
            Asked::Call(options) => options.clone().into_dict(),
            Asked::Subscribe(options) => options.clone().into_dict(),
            Asked::Publish(options) => options.clone().into_dict(),
        }
    }
}

/// Who wants to do what.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The realm.
    pub realm: &'a str,
    /// The session.
    pub session: Id,
    /// Who it is.
    pub identity: &'a Identity,
    /// How it has proved that: `WELCOME.Details.authmethod`.
    pub authmethod: &'a str,
    /// The topic or procedure, or a pattern of them. It obeys the rules for URIs.
    pub uri: &'a str,
    /// What for.
    pub asked: Asked<'a>,
}

impl Request<'_> {
    /// What for, in a word.
    pub fn action(&self) -> Action {
        self.asked.action()
    }

    /// How [`uri`](Request::uri) is meant.
    pub fn policy(&self) -> Match {
        self.asked.policy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let some: Actions = [Action::Call, Action::Publish].into_iter().collect();
        assert_eq!(some.iter().collect::<Vec<_>>(), [Action::Call, Action::Publish]);
        assert_eq!(Action::ALL.into_iter().collect::<Actions>(), Actions::ALL);
        assert!(Actions::NONE.is_empty() && !some.is_empty());
    }

    #[test]
    fn actions_have_the_names_of_the_specification() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(action));
        }
        assert_eq!(Action::from_name("kill"), None);
    }
}
