//! Who may get an event: publisher exclusion, black- and whitelists.
//!
//! Law: all conditions that are present have to hold; a list that is present and empty counts as present.

use super::members::Member;
use crate::id::Id;
use crate::message::PublishOptions;
use crate::session::Session;

/// The conditions of one publication.
#[derive(PartialEq)]
pub(super) struct Filter<'a> {
    publisher: Option<Id>,
    lists: Option<&'a PublishOptions>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(publisher: Id, options: &'a PublishOptions) -> Self {
        Filter::lasting(publisher, options)
            .unwrap_or(Filter { publisher: excluded(publisher, options), lists: Some(options) })
    }

    /// Conditions that need no more of the message than was copied: those without lists.
    pub(super) fn lasting(publisher: Id, options: &PublishOptions) -> Option<Filter<'static>> {
        let has_lists = options.exclude.is_some()
            || options.exclude_authid.is_some()
            || options.exclude_authrole.is_some()
            || options.eligible.is_some()
            || options.eligible_authid.is_some()
            || options.eligible_authrole.is_some();
        (!has_lists).then_some(Filter { publisher: excluded(publisher, options), lists: None })
    }

    pub(super) fn admits(&self, member: &Member) -> bool {
        self.publisher != Some(member.id())
            && self.lists.is_none_or(|lists| admitted(lists, member.session()))
    }
}

fn excluded(publisher: Id, options: &PublishOptions) -> Option<Id> {
    options.exclude_me.unwrap_or(true).then_some(publisher)
}

fn admitted(lists: &PublishOptions, session: &Session) -> bool {
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
