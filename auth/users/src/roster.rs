//! All users at one moment, by name and by key.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crossway_core::auth::{AuthError, Identity};

use crate::decoy::{self, Seed, Verifier};
use crate::file::{FileError, FileOptions, Watched, watch};
use crate::user::User;
use crate::verifier::{Scram, ScramDialect, Ticket, WampCra};

/// Where users are looked up: those known from code, or those of a file, which may change at any time. Cheap to clone; all
/// clones see the same.
#[derive(Clone, Debug)]
pub struct Users(Source);

#[derive(Clone)]
enum Source {
    Fixed(Arc<Roster>),
    File(Arc<Watched>),
}

impl Users {
    /// Those who are known now and for good.
    pub fn of(users: impl IntoIterator<Item = User>) -> Self {
        let mut roster = Roster::new(Seed::of_process());
        users.into_iter().for_each(|user| roster.add(user));
        Users(Source::Fixed(Arc::new(roster)))
    }

    /// Those of a file, as it is at every moment: see [`FileOptions`] for how often it is looked at, and [`read`](crate::read)
    /// for what is in it. Reads it now.
    ///
    /// # Errors
    /// The file can't be read, is too long, or has a mistake. Later, such a file leaves the users as they were.
    pub fn open(options: FileOptions) -> Result<Self, FileError> {
        watch(options).map(|file| Users(Source::File(file)))
    }

    /// The users as they are now. Authenticators ask once for each login.
    pub async fn now(&self) -> Arc<Roster> {
        match &self.0 {
            Source::Fixed(roster) => Arc::clone(roster),
            Source::File(file) => file.now().await,
        }
    }

    /// These and one more, who replaces one of the same name. Users from a file stay as they are at this moment.
    #[must_use]
    pub fn and(self, user: User) -> Self {
        let mut roster = match self.0 {
            Source::Fixed(roster) => roster,
            Source::File(file) => file.latest(),
        };
        Arc::make_mut(&mut roster).add(user);
        Users(Source::Fixed(roster))
    }
}

impl From<Roster> for Users {
    fn from(roster: Roster) -> Self {
        Users(Source::Fixed(Arc::new(roster)))
    }
}

impl Default for Users {
    /// Nobody.
    fn default() -> Self {
        Users::of([])
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Fixed(roster) => roster.fmt(f),
            Source::File(file) => file.fmt(f),
        }
    }
}

/// Who somebody is who has logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The name.
    pub authid: Arc<str>,
    /// The role.
    pub role: Arc<str>,
}

impl Principal {
    pub(crate) fn new(authid: impl Into<String>, role: impl Into<String>) -> Self {
        Principal { authid: authid.into().into(), role: role.into().into() }
    }

    /// As authenticators say it.
    pub fn identity(&self) -> Identity {
        Identity::new(&*self.authid, &*self.role, "static")
    }
}

/// A verifier, and whose it is. Nobody's is checked with the same steps, and passes nobody.
#[derive(Clone, Debug)]
pub struct Candidate<V> {
    /// What the credentials are to be checked with.
    pub verifier: Arc<V>,
    principal: Principal,
    exists: bool,
}

impl<V> Candidate<V> {
    /// What a client is told before it has proved anything. Of somebody who does not exist, a role that others have.
    pub fn claimed(&self) -> &Principal {
        &self.principal
    }

    /// Who it is, if the verifier was content.
    ///
    /// # Errors
    /// [`AuthError::Denied`], with the same words whatever was wrong.
    pub fn admitted(self, verified: bool) -> Result<Identity, AuthError> {
        match verified & self.exists {
            true => Ok(self.principal.identity()),
            false => Err(AuthError::denied()),
        }
    }
}

/// The users at one moment.
#[derive(Clone)]
pub struct Roster {
    seed: Seed,
    users: HashMap<Arc<str>, User>,
    /// Of all users, the first ones: what those look like who do not exist.
    kinds: Kinds,
    keys: HashMap<[u8; 32], Principal>,
    certificates: HashMap<[u8; 32], Principal>,
}

/// What verifiers look like from outside. That of a user who was replaced may stay.
#[derive(Clone, Default)]
struct Kinds {
    ticket: Vec<<Ticket as Verifier>::Kind>,
    wampcra: Vec<<WampCra as Verifier>::Kind>,
    scram: [Vec<<Scram as Verifier>::Kind>; 2],
    roles: Vec<Arc<str>>,
}

/// So many kinds are told apart: each costs every login a microsecond.
const MAX_KINDS: usize = 16;

fn remember<T: PartialEq>(kinds: &mut Vec<T>, kind: T) {
    if kinds.len() < MAX_KINDS && !kinds.contains(&kind) {
        kinds.push(kind);
    }
}

impl Roster {
    /// Nobody yet.
    pub fn new(seed: Seed) -> Self {
        Roster {
            seed,
            users: HashMap::new(),
            kinds: Kinds::default(),
            keys: HashMap::new(),
            certificates: HashMap::new(),
        }
    }

    /// One more; who has the same name is replaced. A key belongs to whoever came last with it.
    pub fn add(&mut self, user: User) {
        let User { principal, keys, certificates, .. } = &user;
        if let Some(old) = self.users.remove(&principal.authid) {
            self.keys.retain(|_, owner| owner.authid != old.principal.authid);
            self.certificates.retain(|_, owner| owner.authid != old.principal.authid);
        }
        self.resemble(&user);
        self.keys.extend(keys.iter().map(|key| (*key, principal.clone())));
        self.certificates.extend(certificates.iter().map(|fingerprint| (*fingerprint, principal.clone())));
        self.users.insert(Arc::clone(&principal.authid), user);
    }

    /// Remembers what a user looks like, and nothing else of it: so may those look who do not exist.
    pub fn resemble(&mut self, user: &User) {
        let User { principal, ticket, wampcra, scram, .. } = user;
        ticket.iter().for_each(|ticket| remember(&mut self.kinds.ticket, ticket.kind()));
        wampcra.iter().for_each(|key| remember(&mut self.kinds.wampcra, key.kind()));
        for (kinds, keys) in self.kinds.scram.iter_mut().zip(scram) {
            keys.iter().for_each(|keys| remember(kinds, keys.kind()));
        }
        remember(&mut self.kinds.roles, Arc::clone(&principal.role));
    }

    /// Who shows a ticket under this name.
    pub fn ticket(&self, authid: &str) -> Candidate<Ticket> {
        self.candidate(authid, &self.kinds.ticket, |user| user.ticket.as_ref())
    }

    /// Who signs WAMP-CRA's challenges under this name.
    pub fn wampcra(&self, authid: &str) -> Candidate<WampCra> {
        self.candidate(authid, &self.kinds.wampcra, |user| user.wampcra.as_ref())
    }

    /// Who proves that it knows a password, under this name, which is [`prepared`](crate::prepared).
    pub fn scram(&self, dialect: ScramDialect, authid: &str) -> Candidate<Scram> {
        let number = dialect as usize;
        self.candidate(authid, &self.kinds.scram[number], |user| user.scram[number].as_ref())
    }

    /// Whose Ed25519 key this is.
    pub fn by_key(&self, public_key: &[u8; 32]) -> Option<&Principal> {
        self.keys.get(public_key)
    }

    /// Whose certificate has this SHA-256 fingerprint.
    pub fn by_certificate(&self, fingerprint: &[u8; 32]) -> Option<&Principal> {
        self.certificates.get(fingerprint)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The decoy is made for those who exist as well, so that nobody can tell by the time.
    fn candidate<V: Verifier>(
        &self,
        authid: &str,
        kinds: &[V::Kind],
        own: impl Fn(&User) -> Option<&Arc<V>>,
    ) -> Candidate<V> {
        let decoy = Arc::new(decoy::decoy::<V>(kinds, &self.seed, authid));
        let likely = decoy::pick(&self.kinds.roles, &self.seed, V::METHOD, authid);
        let stranger =
            Principal { authid: authid.into(), role: likely.cloned().unwrap_or_else(|| "user".into()) };
        let user = self.users.get(authid);
        match user.and_then(|user| Some((own(user)?, &user.principal))) {
            Some((verifier, principal)) => {
                Candidate { verifier: Arc::clone(verifier), principal: principal.clone(), exists: true }
            }
            None => Candidate { verifier: decoy, principal: stranger, exists: false },
        }
    }
}

impl fmt::Debug for Roster {
    /// Names nobody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster").field("users", &self.users.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifier::{Salting, ScramKdf};
    use crate::{Argon2Cost, Kdf};

    fn joe() -> User {
        let salting = Salting { salt: "salt salt salt salt salt".into(), iterations: 10, keylen: 32 };
        let key = WampCra::derive("secret", &salting).unwrap();
        let kdf = ScramKdf::Pbkdf2 { iterations: 4096 };
        User::new("joe", "user")
            .ticket(Ticket::plain("secret"))
            .wampcra(WampCra::salted(salting, &key).unwrap())
            .scram(ScramDialect::Spec, Scram::derive(ScramDialect::Spec, kdf, "secret").unwrap())
            .key([1; 32])
    }

    #[test]
    fn who_does_not_exist_looks_like_somebody_who_does() {
        let mut roster = Roster::new(Seed::from_octets(&[7; 16]).unwrap());
        roster.add(joe());
        let salt = |name: &str| roster.wampcra(name).verifier.salting().unwrap().clone();
        for name in ["nobody", ""] {
            assert_eq!(salt(name), salt(name), "the same each time");
            assert_eq!((salt(name).iterations, salt(name).keylen), (10, 32));
            assert_eq!(salt(name).salt.len(), salt("joe").salt.len());
            let [fake, real] = [name, "joe"].map(|name| roster.scram(ScramDialect::Spec, name).verifier);
            assert_eq!((fake.kdf(), fake.salt().len()), (real.kdf(), real.salt().len()));
            assert_eq!(fake.salt(), roster.scram(ScramDialect::Spec, name).verifier.salt());
            assert_eq!(&*roster.wampcra(name).claimed().role, "user");
            assert!(roster.wampcra(name).admitted(true).is_err(), "whatever it proves");
        }
        assert_ne!(salt("nobody"), salt("somebody"));
        let mut again = Roster::new(Seed::from_octets(&[7; 16]).unwrap());
        again.add(joe());
        assert_eq!(again.wampcra("nobody").verifier.salting(), Some(&salt("nobody")), "with the same seed");
    }

    #[test]
    fn whose_password_is_at_hand_comes_and_goes_unseen() {
        let seed = Seed::from_octets(&[7; 16]).unwrap();
        let kdf = ScramKdf::Pbkdf2 { iterations: 4096 };
        for dialect in [ScramDialect::Spec, ScramDialect::Autobahn] {
            let mut roster = Roster::new(seed.clone());
            let scram = |name| Scram::derive_from(dialect, kdf, &seed.salt(name), "secret").unwrap();
            roster.add(User::new("joe", "user").scram(dialect, scram("joe")));
            let seen = |roster: &Roster| roster.scram(dialect, "ada").verifier.salt();
            let before = seen(&roster);
            roster.add(User::new("ada", "user").scram(dialect, scram("ada")));
            assert_eq!(seen(&roster), before);
            assert_ne!(roster.scram(dialect, "joe").verifier.salt(), before);
        }
    }

    #[test]
    fn who_comes_with_a_name_again_replaces_the_first() {
        let users = Users::of([joe(), User::new("joe", "admin").key([2; 32])]);
        let Source::Fixed(roster) = &users.0 else { unreachable!() };
        assert_eq!(roster.len(), 1);
        assert!(roster.by_key(&[1; 32]).is_none());
        assert_eq!(&*roster.by_key(&[2; 32]).unwrap().role, "admin");
        assert!(roster.ticket("joe").admitted(true).is_err(), "the ticket is gone");
    }

    #[test]
    fn a_hashed_ticket_admits_its_ticket_only() {
        let hash = Ticket::hash("secret", Argon2Cost { memory: 32, iterations: 1, parallelism: 1 }).unwrap();
        let users = Users::of([User::new("joe", "user").ticket(Ticket::hashed(&hash).unwrap())]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let login = async |name: &str, ticket: &str| {
            let candidate = users.now().await.ticket(name);
            let fits = candidate.verifier.admits(ticket, &Kdf::shared()).await.unwrap();
            candidate.admitted(fits)
        };
        runtime.block_on(async {
            assert_eq!(login("joe", "secret").await.unwrap().authrole, "user");
            let wrong = login("joe", "Secret").await.unwrap_err();
            assert_eq!(wrong, login("nobody", "secret").await.unwrap_err(), "the same answer");
        });
    }

    #[test]
    fn nothing_is_shown() {
        let joe = joe();
        let [stored, server] = joe.scram[0].as_ref().unwrap().keys();
        let users = Users::of([joe.clone()]);
        let shown = format!("{joe:?} {users:?}");
        for secret in ["secret", "salt salt", &**stored, &**server] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
