//! What can be changed in a router that runs: who decides in its realms, and what its listeners allow and show.

use std::collections::HashMap;
use std::sync::Arc;

use crossway_core::Router;
use crossway_core::authorization::Replaceable;
use crossway_framing::Allowed;
use crossway_tls::{Tls, TlsError, TlsOptions};

use super::{Means, allowed, auth};
use crate::config::{self, Config, Listener, Role, Terms};

/// Who decides what sessions may do, by realm; of no name what holds in realms that are created automatically. Realms without
/// roles have nobody.
pub(crate) struct Authorizers(HashMap<Option<String>, Arc<Replaceable>>);

impl Authorizers {
    pub(super) fn of(config: &Config) -> Authorizers {
        let named = config.realms.iter().map(|realm| (Some(realm.name.clone()), &realm.terms));
        let all = named.chain(config.auto_create.iter().map(|terms| (None, terms)));
        let with_roles = all.filter(|(_, terms)| !terms.roles.is_empty());
        let authorizer =
            |(realm, terms): (_, &Terms)| (realm, Arc::new(Replaceable::new(auth::authorizer(&terms.roles))));
        Authorizers(with_roles.map(authorizer).collect())
    }

    pub(super) fn of_realm(&self, realm: Option<&str>) -> Option<&Arc<Replaceable>> {
        self.0.get(&realm.map(str::to_owned))
    }

    /// Lets other roles hold in a realm that has had some.
    pub(crate) fn permit(&self, realm: Option<&str>, roles: &[Role]) {
        self.of_realm(realm).inspect(|authorizer| authorizer.replace(auth::authorizer(roles)));
    }
}

/// Lets clients log in to a realm in other ways; of no name to those that are created automatically.
pub(crate) fn let_in(router: &Router, realm: Option<&str>, methods: &[config::Auth], means: &Means) {
    let authenticators = auth::authenticators(methods, means);
    match realm {
        Some(realm) => router.set_authenticators(realm, &authenticators),
        None => router.set_auto_authenticators(&authenticators),
    };
}

/// A listener that listens, as far as it can change.
pub(crate) struct Door {
    /// As in the configuration, whatever port the system chose.
    pub(crate) name: String,
    pub(super) methods: Allowed,
    pub(super) tls: Option<Arc<dyn Certified>>,
}

impl Door {
    /// Allows the ways of logging in that a configuration has for this listener.
    pub(crate) fn allow(&self, listener: &Listener, config: &Config) {
        self.methods.set(Some(allowed(listener, config)));
    }

    /// Shows other certificates to the connections to come, and asks for others.
    ///
    /// # Errors
    /// What is wrong with them; then those in use stay.
    pub(crate) fn certify(&self, tls: &config::Tls) -> Result<(), TlsError> {
        self.tls.as_ref().map_or(Ok(()), |certified| certified.replace(tls.options()))
    }
}

/// TLS, whatever is spoken inside.
pub(super) trait Certified: Send + Sync {
    fn replace(&self, options: TlsOptions) -> Result<(), TlsError>;
}

impl<H: Send + Sync> Certified for Tls<H> {
    fn replace(&self, options: TlsOptions) -> Result<(), TlsError> {
        Tls::replace(self, options)
    }
}
