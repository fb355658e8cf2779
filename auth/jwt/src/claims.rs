//! From what a token claims to who somebody is.

use crossway_core::auth::{AuthRequest, Identity};
use serde_json::Value;

use crate::token::BadToken;

/// What a token says, proved.
#[derive(Debug)]
pub(crate) struct Claims(pub(crate) Value);

impl Claims {
    /// The value of a claim, by its name, or by a JSON pointer (RFC 6901) if the name begins with `/`.
    fn get(&self, name: &str) -> Option<&Value> {
        if name.starts_with('/') { self.0.pointer(name) } else { self.0.get(name) }
    }

    /// The strings of a claim that is a string or a list of them; whatever else is in it is left out.
    fn texts(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Which claims say who somebody is.
///
/// Claims are named as they are in the token, or by a JSON pointer where they lie deeper: `/realm_access/roles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The claim with the authid, a string: `sub`, if nobody says otherwise.
    pub authid: String,
    /// The claim with the roles, a string or a list; `None`: everybody gets the one role that was given.
    pub roles: Option<String>,
    /// What the issuer calls a role, and what it is called here; the first that a token has counts. Empty: the same.
    pub names: Vec<(String, String)>,
    /// The role of those whose token says none.
    pub role: Option<String>,
    /// The claim with the realms that may be joined, a string or a list; `None`: every one that takes these tokens.
    pub realms: Option<String>,
}

impl Mapping {
    /// The authid is the `sub` of the token, and everybody has one role.
    pub fn to_role(role: impl Into<String>) -> Self {
        Mapping {
            authid: "sub".into(),
            roles: None,
            names: Vec::new(),
            role: Some(role.into()),
            realms: None,
        }
    }

    /// The authid is the `sub` of the token, and the role what another claim says.
    pub fn by_claim(roles: impl Into<String>) -> Self {
        Mapping { role: None, roles: Some(roles.into()), ..Self::to_role("") }
    }

    /// The roles that there may be; `None` where claims name them.
    pub(crate) fn known_roles(&self) -> Option<Vec<&str>> {
        if self.roles.is_some() && self.names.is_empty() {
            return None;
        }
        Some(self.names.iter().map(|(_, role)| role.as_str()).chain(self.role.as_deref()).collect())
    }

    /// Who it is that shows these claims.
    pub(crate) fn identity(&self, claims: &Claims, request: &AuthRequest) -> Result<Identity, BadToken> {
        let missing = |name: &str| BadToken::Claim(format!("its claim {name:?} is no text, or missing"));
        let authid = claims.get(&self.authid).and_then(Value::as_str).filter(|authid| !authid.is_empty());
        let authid = authid.ok_or_else(|| missing(&self.authid))?;
        if request.authid.as_deref().is_some_and(|asked| asked != authid) {
            return Err(BadToken::Claim("it is for another authid than HELLO says".to_owned()));
        }
        if let Some(realms) = &self.realms
            && !claims.texts(realms).contains(&request.realm.as_str())
        {
            return Err(BadToken::Claim("it is not for this realm".to_owned()));
        }
        let role = self.role(claims, request.authrole.as_deref());
        let role = role.ok_or_else(|| BadToken::Claim("it gives no role".to_owned()))?;
        Ok(Identity::new(authid, role, "jwt"))
    }

    /// The role that was asked for, if the token gives it, or else the first that it gives.
    fn role<'a>(&'a self, claims: &'a Claims, asked: Option<&str>) -> Option<&'a str> {
        let claimed = self.roles.as_ref().map(|name| claims.texts(name)).unwrap_or_default();
        let given: Vec<&str> = match self.names.is_empty() {
            true => claimed.into_iter().filter(|role| !role.is_empty()).collect(),
            false => {
                let named = |(theirs, ours): &'a (String, String)| {
                    claimed.contains(&theirs.as_str()).then_some(ours.as_str())
                };
                self.names.iter().filter_map(named).collect()
            }
        };
        let found = given.iter().find(|role| Some(**role) == asked).or(given.first()).copied();
        found.or(self.role.as_deref())
    }
}
