//! Being in a realm is a guard: dropping it leaves, however the connection ended.

use std::sync::Arc;

use super::Realm;
use crate::session::Session;
use crate::session::turn::Turn;
use crate::{broker, dealer};

/// A session in a realm, as its own connection holds it.
pub(crate) struct Membership {
    pub(crate) realm: Arc<Realm>,
    pub(crate) session: Arc<Session>,
    pub(crate) broker: Arc<broker::Seat>,
    pub(crate) dealer: Arc<dealer::Seat>,
}

impl Membership {
    /// Joins; from now on messages for `session` are accepted by its outbox. Those who listen are told.
    pub(crate) fn join(realm: Arc<Realm>, session: Arc<Session>) -> Self {
        session.outbox().open(Some(session.id()));
        realm.sessions.pin().insert(session.id(), Arc::clone(&session));
        realm.meta.serve(&realm);
        realm.tell_join(&session);
        let broker = broker::Seat::new(Arc::clone(&session));
        let dealer = dealer::Seat::new(Arc::clone(&session));
        Membership { realm, session, broker, dealer }
    }
}

impl Drop for Membership {
    /// First nothing more gets in, then calls end, then subscriptions; then the name is given up, and last others are told:
    /// by its testaments, and that it has left.
    fn drop(&mut self) {
        self.session.outbox().open(None);
        let mut turn = Turn::begin();
        self.realm.dealer.leave(&self.dealer, self.realm.witness(), &mut turn);
        self.realm.look_again_at(self.session.id());
        self.realm.broker.leave(&self.broker, self.realm.witness(), &mut turn);
        self.realm.keep_time();
        self.realm.sessions.pin().remove(&self.session.id());
        self.realm.execute_testaments(&self.session, &mut turn);
        self.realm.tell_leave(&self.session, &mut turn);
    }
}
