//! Who may get an event: publisher exclusion, black- and whitelists, and whose shard it is.
//!
//! Law: all conditions that are present have to hold; a list that is present and empty counts as present.
//!
//! A publication with a resource key (`rkey`) goes to those subscribers without a node key (`nkey`) as any other does. Of
//! those with one it goes to a single node: the one with the greatest weight for the resource, see [`rendezvous`]. Who is not
//! to have the event is no node, so lists come first.

use super::members::{Member, Members};
use crate::id::Id;
use crate::message::PublishOptions;
use crate::rendezvous;
use crate::session::Session;

/// The conditions of one publication.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Filter<'a> {
    publisher: Option<Id>,
    special: Option<Special<'a>>,
}

/// What few publications have.
#[derive(Clone, Copy, PartialEq)]
struct Special<'a> {
    lists: &'a PublishOptions,
    /// The only node that gets the event.
    node: Option<&'a str>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(publisher: Id, options: &'a PublishOptions) -> Self {
        let special = Some(Special { lists: options, node: None });
        Filter::lasting(publisher, options)
            .unwrap_or(Filter { publisher: excluded(publisher, options), special })
    }

    /// Conditions that need no more of the message than was copied: those without lists.
    pub(super) fn lasting(publisher: Id, options: &PublishOptions) -> Option<Filter<'static>> {
        let has_lists = options.exclude.is_some()
            || options.exclude_authid.is_some()
            || options.exclude_authrole.is_some()
            || options.eligible.is_some()
            || options.eligible_authid.is_some()
            || options.eligible_authrole.is_some();
        (!has_lists).then_some(Filter { publisher: excluded(publisher, options), special: None })
    }

    /// The conditions of a publication among the members of one subscription: they decide together whose shard it is.
    pub(super) fn among<'m>(self, options: &'m PublishOptions, members: &'m Members) -> Filter<'m>
    where
        'a: 'm,
    {
        let Some(key) = &options.rkey else { return self };
        let nodes = members.iter().filter(|member| self.admits(member)).filter_map(|member| member.nkey());
        // Equal weights are a matter of luck, and the same luck everywhere.
        let node = nodes.max_by_key(|node| (rendezvous::weight(key, node), *node));
        Filter { special: node.map(|_| Special { lists: options, node }).or(self.special), ..self }
    }

    pub(super) fn admits(&self, member: &Member) -> bool {
        self.publisher != Some(member.id()) && self.special.is_none_or(|special| special.admits(member))
    }
}

impl Special<'_> {
    fn admits(&self, member: &Member) -> bool {
        let is_its_shard = match (self.node, member.nkey()) {
            (Some(node), Some(nkey)) => node == nkey,
            _ => true,
        };
        is_its_shard && admitted(self.lists, member.session())
    }
}

fn excluded(publisher: Id, options: &PublishOptions) -> Option<Id> {
    options.exclude_me.unwrap_or(true).then_some(publisher)
}

/// Whether the lists of a publication let a session have it.
pub(super) fn admitted(lists: &PublishOptions, session: &Session) -> bool {
    let identity = session.identity();
    !contains(&lists.exclude, &session.id()).unwrap_or(false)
        && !contains(&lists.exclude_authid, &identity.authid).unwrap_or(false)
        && !contains(&lists.exclude_authrole, &identity.authrole).unwrap_or(false)
        && contains(&lists.eligible, &session.id()).unwrap_or(true)
        && contains(&lists.eligible_authid, &identity.authid).unwrap_or(true)
        && contains(&lists.eligible_authrole, &identity.authrole).unwrap_or(true)
}

fn contains<T: PartialEq>(list: &Option<Vec<T>>, item: &T) -> Option<bool> {
    list.as_ref().map(|list| list.contains(item))
}
