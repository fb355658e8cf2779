//! Which crate is behind which way of logging in.

use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_certificate::{Certificate, Rule};
use crossway_cookie::Cookie;
use crossway_core::auth::Authenticator;
use crossway_core::authorization::{Authorizer, Permissions};
use crossway_core::caller::Caller;
use crossway_cryptosign::{Cryptosign, PrivateKey};
use crossway_dynamic::{ByRole, Dynamic, Procedure, ProcedureAuthorizer};
use crossway_hook::Hook;
use crossway_jwt::TokenOrTicket;
use crossway_scram::Scram;
use crossway_ticket::Ticket;
use crossway_users::Users;
use crossway_wampcra::WampCra;

use super::Means;
use crate::config::{self, Asked, Auth, Decider, Elsewhere, Jwt, Role, Shown, UserSource, UsersFile};

/// One for each method that clients may name.
pub(super) fn authenticators(methods: &[Auth], means: &Means) -> Vec<Arc<dyn Authenticator>> {
    let mut all: Vec<_> = methods.iter().filter_map(|method| authenticator(method, means)).collect();
    for method in methods {
        if let Auth::Jwt(Jwt { tokens, shown }) = method
            && shown.contains(&Shown::Ticket)
        {
            let tokens = TokenOrTicket::new(Arc::clone(tokens));
            match all.iter_mut().find(|known| known.method() == tokens.method()) {
                Some(tickets) => *tickets = Arc::new(tokens.or(Arc::clone(tickets))),
                None => all.push(Arc::new(tokens)),
            }
        }
    }
    all
}

/// Nobody where tokens are shown as tickets only.
fn authenticator(auth: &Auth, means: &Means) -> Option<Arc<dyn Authenticator>> {
    Some(match auth {
        Auth::Anonymous { role } => Arc::new(Anonymous::new(role)),
        Auth::Ticket { users } => Arc::new(Ticket::of(known(users)).kdf(means.kdf.clone())),
        Auth::WampCra { users } => Arc::new(WampCra::of(known(users))),
        Auth::Scram { dialect, users } => Arc::new(Scram::of(*dialect, known(users))),
        Auth::Certificate { rules, users } => Arc::new(certificate(rules, users.as_ref())),
        // Where nobody is remembered, there is no use for it: see `Means::has_cookies`.
        Auth::Cookie => Arc::new(Cookie::new(means.cookies.clone()?)),
        Auth::Elsewhere(decided) => Arc::new(elsewhere(decided)),
        Auth::Cryptosign(config) => Arc::new(cryptosign(config)),
        Auth::Jwt(config) => Arc::new(jwt(config)?),
    })
}

fn jwt(Jwt { tokens, shown }: &Jwt) -> Option<crossway_jwt::Jwt> {
    let jwt = crossway_jwt::Jwt::new(Arc::clone(tokens));
    match (shown.contains(&Shown::Header), shown.contains(&Shown::Challenge)) {
        (true, true) => Some(jwt),
        (true, false) => Some(jwt.header_only()),
        (false, true) => Some(jwt.challenge_only()),
        (false, false) => None,
    }
}

fn certificate(rules: &[Rule], users: Option<&UsersFile>) -> Certificate {
    let certificate = rules.iter().cloned().fold(Certificate::new(), Certificate::rule);
    match users {
        Some(file) => certificate.users(file.users.clone()),
        None => certificate,
    }
}

fn known(users: &UserSource) -> Users {
    match users {
        UserSource::Listed(users) => Users::of(users.iter().cloned()),
        UserSource::File(file) => file.users.clone(),
    }
}

fn elsewhere(decided: &Elsewhere) -> Dynamic {
    let Elsewhere { method, decider, max_cached } = decided;
    let dynamic = match decider {
        Decider::Procedure(asked) => Dynamic::new(method, Procedure::new(caller(asked), &asked.uri)),
        Decider::Service(options) => Dynamic::new(
            method,
            Hook::new(options).expect("there was one when the configuration was checked"),
        ),
    };
    dynamic.max_cached(*max_cached)
}

fn caller(asked: &Asked) -> Caller {
    Caller::new(&asked.realm).timeout(asked.timeout).max_concurrent(asked.max_concurrent)
}

/// Permissions, and for some roles procedures that decide instead.
pub(super) fn authorizer(roles: &[Role]) -> Arc<dyn Authorizer> {
    let permissions = Arc::new(Permissions::new(roles.iter().map(Role::to_core)));
    if roles.iter().all(|role| role.authorizer.is_none()) {
        return permissions;
    }
    let asked = roles.iter().filter_map(|role| Some((&role.name, role.authorizer.as_ref()?)));
    Arc::new(asked.fold(ByRole::new(permissions), |all, (name, config::Authorizer { asked, remember })| {
        let authorizer = ProcedureAuthorizer::new(caller(asked), &asked.uri).remember(*remember);
        all.role(name, Arc::new(authorizer))
    }))
}

fn cryptosign(config: &config::Cryptosign) -> Cryptosign {
    let cryptosign = Cryptosign::of(known(&config.users)).channel_binding(config.channel_binding);
    match &config.router_key {
        Some(key) => {
            cryptosign.router_key(PrivateKey::parse(key.expose()).expect("it was parsed when it was checked"))
        }
        None => cryptosign,
    }
}
