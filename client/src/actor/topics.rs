//! What this session has subscribed to.
//!
//! Law: at most one SUBSCRIBE per topic is in force on the wire, however many subscribers a program has for it. The router
//! would give all of them one subscription, and the first UNSUBSCRIBE would end it for all.

use crossway_core::Id;
use crossway_core::message::Event;
use hashbrown::HashMap;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::command::{Answer, Token};
use crate::Error;
use crate::subscription::Arrival;

#[derive(Default)]
pub(super) struct Topics {
    topics: HashMap<String, Topic>,
    /// The topics that the router has confirmed.
    names: HashMap<Id, String>,
    tokens: HashMap<Token, String>,
}

#[derive(Default)]
struct Topic {
    /// `None` until SUBSCRIBED.
    id: Option<Id>,
    subscribers: Vec<Subscriber>,
}

pub(super) struct Subscriber {
    pub(super) token: Token,
    pub(super) events: mpsc::Sender<Arrival>,
    /// Taken when the answer is there.
    pub(super) reply: Option<Answer<Id>>,
    /// Since the last event that found room.
    pub(super) lost: u64,
}

impl Topics {
    /// Adds a subscriber. Returns whether the router has to be asked.
    pub(super) fn enter(&mut self, name: String, mut subscriber: Subscriber) -> bool {
        self.tokens.insert(subscriber.token, name.clone());
        let is_new = !self.topics.contains_key(&name);
        let topic = self.topics.entry(name).or_default();
        if let Some(id) = topic.id {
            answer(&mut subscriber, Ok(id));
        }
        topic.subscribers.push(subscriber);
        is_new
    }

    /// The router has confirmed. Returns the id if nobody wants it any more.
    pub(super) fn confirmed(&mut self, name: &str, id: Id) -> Option<Id> {
        let Some(topic) = self.topics.get_mut(name) else { return Some(id) };
        topic.id = Some(id);
        if topic.subscribers.is_empty() {
            self.topics.remove(name);
            return Some(id);
        }
        self.names.insert(id, name.to_owned());
        topic.subscribers.iter_mut().for_each(|subscriber| answer(subscriber, Ok(id)));
        None
    }

    /// The router has refused.
    pub(super) fn refused(&mut self, name: &str, error: &Error) {
        let subscribers = self.topics.remove(name).map(|topic| topic.subscribers);
        for mut subscriber in subscribers.into_iter().flatten() {
            self.tokens.remove(&subscriber.token);
            answer(&mut subscriber, Err(error.clone()));
        }
    }

    /// Removes a subscriber. Returns the subscription's id if it was the last.
    pub(super) fn leave(&mut self, token: Token) -> Option<Id> {
        let name = self.tokens.remove(&token)?;
        let topic = self.topics.get_mut(&name)?;
        topic.subscribers.retain(|subscriber| subscriber.token != token);
        let id = topic.id.filter(|_| topic.subscribers.is_empty())?;
        self.topics.remove(&name);
        self.names.remove(&id);
        Some(id)
    }

    /// Hands an event to everybody who wants it. An unknown subscription is one that was just given up.
    pub(super) fn deliver(&mut self, event: &Event) {
        let Some(name) = self.names.get(&event.subscription) else { return };
        let Some(topic) = self.topics.get_mut(name) else { return };
        for subscriber in &mut topic.subscribers {
            let arrival = Arrival {
                publication: event.publication,
                details: event.details.clone(),
                payload: event.payload.clone(),
                lost: subscriber.lost,
            };
            match subscriber.events.try_send(arrival) {
                Ok(()) => subscriber.lost = 0,
                Err(TrySendError::Full(_)) => subscriber.lost += 1,
                Err(TrySendError::Closed(_)) => {} // its departure is on the way
            }
        }
    }
}

fn answer(subscriber: &mut Subscriber, answer: Result<Id, Error>) {
    if let Some(reply) = subscriber.reply.take() {
        let _ = reply.send(answer);
    }
}
