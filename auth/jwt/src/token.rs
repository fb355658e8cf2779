//! One token: where it is from, and whether it holds.

use std::time::Duration;

use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::claims::{Claims, Mapping};
use crate::keys::Keys;

/// The longest token that is looked at, in octets, unless somebody says otherwise.
pub const MAX_TOKEN: usize = 8 << 10;

/// Which tokens are good.
#[derive(Debug)]
pub struct Tokens {
    /// What they are signed with.
    pub keys: Keys,
    /// Who it is that they are for.
    pub mapping: Mapping,
    /// The issuers that are trusted (`iss`); empty: whoever has a key.
    pub issuers: Vec<String>,
    /// The names that this router goes by (`aud`); empty: a token must not be for anybody in particular.
    pub audience: Vec<String>,
    /// How far the issuer's clock may be off.
    pub leeway: Duration,
    /// Longer tokens are refused unread.
    pub max_length: usize,
}

/// Why a token is no good. For the log: a client that shows one is told no more than that it is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadToken {
    #[error("it is longer than {0} octets")]
    TooLong(usize),
    #[error("it is not made of three parts, or its header is no JSON with a known `alg`")]
    Malformed,
    #[error("its header says `crit`: something that has to be understood, and is not")]
    Critical,
    #[error("no key fits its `alg` and `kid`")]
    NoKey,
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Claim(String),
}

impl Tokens {
    /// Of any issuer, for nobody in particular, with 30 seconds of leeway.
    pub fn new(keys: Keys, mapping: Mapping) -> Self {
        Tokens {
            keys,
            mapping,
            issuers: Vec::new(),
            audience: Vec::new(),
            leeway: Duration::from_secs(30),
            max_length: MAX_TOKEN,
        }
    }

    /// The roles that tokens may give; `None`: whatever they say.
    pub fn roles(&self) -> Option<Vec<&str>> {
        self.mapping.known_roles()
    }

    /// What a token says, if it holds now.
    pub(crate) async fn verified(&self, token: &str) -> Result<Claims, BadToken> {
        if token.len() > self.max_length {
            return Err(BadToken::TooLong(self.max_length));
        }
        let header = decode_header(token).map_err(|_| BadToken::Malformed)?;
        if header.crit.is_some() {
            return Err(BadToken::Critical);
        }
        let mut why = BadToken::NoKey;
        for key in self.keys.fitting(header.alg, header.kid.as_deref()).await {
            // The algorithm is the key's: `decode` refuses a token that names another.
            let validation = self.validation(Validation::new(key.algorithm));
            match decode::<Map<String, Value>>(token, &key.decoding, &validation) {
                Ok(token) => return Ok(Claims(Value::Object(token.claims))),
                Err(error) => why = BadToken::Invalid(error.to_string()),
            }
        }
        Err(why)
    }

    fn validation(&self, mut validation: Validation) -> Validation {
        let mut required = vec!["exp"];
        validation.leeway = self.leeway.as_secs();
        validation.validate_nbf = true;
        if !self.issuers.is_empty() {
            validation.set_issuer(&self.issuers);
            required.push("iss");
        }
        if !self.audience.is_empty() {
            validation.set_audience(&self.audience);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}
