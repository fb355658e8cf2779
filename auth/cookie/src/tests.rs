//! Cookies, the table, and both together.

use crossway_core::Dict;
use crossway_core::auth::Response;
use crossway_core::transport::{Evidence, TransportInfo};

use super::*;

struct Silent;

#[async_trait]
impl Challenger for Silent {
    async fn challenge(&mut self, _: Dict) -> Result<Response, AuthError> {
        panic!("a cookie needs no challenge")
    }
}

fn cookies(change: impl FnOnce(&mut CookieOptions)) -> Arc<Cookies> {
    let mut options = CookieOptions::default();
    change(&mut options);
    Arc::new(Cookies::new(options))
}

/// What a browser sends back.
fn sent(met: &Met) -> String {
    let set = met.set_cookie.as_deref().unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn request(realm: &str, authid: Option<&str>, visitor: Visitor) -> AuthRequest {
    let evidence = Evidence { visitor: Some(visitor), ..Evidence::default() };
    AuthRequest {
        realm: realm.to_owned(),
        authid: authid.map(str::to_owned),
        authrole: None,
        authextra: Dict::new(),
        session: 1,
        transport: Arc::new(TransportInfo { auth: Some(Box::new(evidence)), ..TransportInfo::default() }),
    }
}

fn joe() -> Identity {
    Identity { authextra: Dict::new().with("verifier", "x"), ..Identity::new("joe", "user", "static") }
}

/// Somebody comes and logs in with a ticket; the cookie.
fn logged_in(cookies: &Arc<Cookies>, realm: &str, who: &Identity) -> String {
    let met = cookies.meet(None, false);
    Cookie::new(Arc::clone(cookies)).admitted(&request(realm, None, met.visitor), who, "ticket");
    sent(&met)
}

async fn join(cookies: &Arc<Cookies>, cookie: &str, realm: &str, authid: Option<&str>) -> Option<Identity> {
    let met = cookies.meet(Some(cookie), false);
    let method = Cookie::new(Arc::clone(cookies));
    let request = request(realm, authid, met.visitor);
    match method.authenticate(&request, &mut Silent).await {
        Ok(identity) => {
            method.admitted(&request, &identity, "cookie");
            Some(identity)
        }
        Err(AuthError::NotApplicable(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn who_has_logged_in_is_known_again() {
    let cookies = cookies(|_| ());
    let cookie = logged_in(&cookies, "realm1", &joe());
    let again = join(&cookies, &cookie, "realm1", None).await.unwrap();
    assert_eq!(again, Identity::new("joe", "user", "static"), "what was said at the login is not said again");
    assert!(join(&cookies, &cookie, "realm1", Some("joe")).await.is_some());
    assert!(join(&cookies, &cookie, "realm1", Some("ada")).await.is_none(), "somebody else wants to log in");
    assert!(join(&cookies, &cookie, "realm2", None).await.is_none(), "another realm");
    assert!(join(&cookies, &format!("a=b; {cookie}; c=d"), "realm1", None).await.is_some());
    assert!(cookies.meet(Some(&cookie), false).set_cookie.is_none());
}

#[tokio::test]
async fn without_a_login_a_cookie_is_worth_nothing() {
    let cookies = cookies(|_| ());
    let met = cookies.meet(None, false);
    assert!(join(&cookies, &sent(&met), "realm1", None).await.is_none());
    let anonymous = request("realm1", None, met.visitor);
    Cookie::new(Arc::clone(&cookies)).admitted(&anonymous, &joe(), "anonymous");
    assert!(join(&cookies, &sent(&met), "realm1", None).await.is_none());
}

#[tokio::test]
async fn what_ends_elsewhere_is_not_prolonged_by_a_cookie() {
    let cookies = cookies(|_| ());
    let method = Cookie::new(Arc::clone(&cookies));
    for (way, provider) in [("jwt", "jwt"), ("ticket", "jwt"), ("tls", "static")] {
        let met = cookies.meet(None, true);
        let who = Identity::new("joe", "user", provider);
        method.admitted(&request("realm1", None, met.visitor), &who, way);
        assert!(join(&cookies, &sent(&met), "realm1", None).await.is_none(), "{way}");
    }
}

#[tokio::test]
async fn a_planted_cookie_gains_nothing() {
    let cookies = cookies(|_| ());
    let method = Cookie::new(Arc::clone(&cookies));
    // One that nobody has logged in with is replaced before the victim logs in.
    let planted = sent(&cookies.meet(None, false));
    let victim = cookies.meet(Some(&planted), false);
    assert!(victim.visitor.fresh && sent(&victim) != planted);
    method.admitted(&request("realm1", None, victim.visitor), &joe(), "ticket");
    assert!(join(&cookies, &planted, "realm1", None).await.is_none());
    assert_eq!(join(&cookies, &sent(&victim), "realm1", None).await.unwrap().authid, "joe");
    // One that the attacker has logged in with stays the attacker's, in every realm.
    let planted = logged_in(&cookies, "realm1", &Identity::new("mallory", "user", "static"));
    let victim = cookies.meet(Some(&planted), false);
    for realm in ["realm1", "realm2"] {
        method.admitted(&request(realm, None, victim.visitor), &joe(), "ticket");
    }
    assert_eq!(join(&cookies, &planted, "realm1", None).await.unwrap().authid, "mallory");
    assert!(join(&cookies, &planted, "realm2", None).await.is_none());
}

#[tokio::test]
async fn what_is_forged_or_altered_is_replaced() {
    let cookies = cookies(|_| ());
    let cookie = logged_in(&cookies, "realm1", &joe());
    let other = logged_in(&self::cookies(|_| ()), "realm1", &joe());
    let swapped = other.replace(&other[6..38], &cookie[6..38]);
    let mut altered = vec![other, swapped, "cbtid=".to_owned(), "cbtid=..".to_owned(), cookie.to_uppercase()];
    altered.push(cookie.replace("cbtid", "cbtie"));
    altered.push(cookie[..cookie.len() - 2].to_owned());
    altered.push(cookie.replace('.', ""));
    for at in 6..cookie.len() {
        let digit = if &cookie[at..=at] == "0" { "1" } else { "0" };
        altered.push(format!("{}{digit}{}", &cookie[..at], &cookie[at + 1..]));
    }
    for forged in altered {
        assert!(cookies.meet(Some(&forged), false).visitor.fresh, "{forged}");
        assert!(join(&cookies, &forged, "realm1", None).await.is_none(), "{forged}");
    }
}

#[tokio::test]
async fn keys_are_rotated() {
    let key = |text: &str| text.as_bytes().to_vec().into();
    let jar = |keys: &[&str]| {
        let keys = keys.iter().map(|text| key(text)).collect();
        Jar::new(CookieOptions { keys, ..CookieOptions::default() })
    };
    let now = SystemTime::now();
    let (id, set) = jar(&["old"]).make(false, now);
    let cookie = set.split(';').next().unwrap();
    let shown = jar(&["new", "old"]).find(cookie, now).unwrap();
    assert!(shown.id == id && !shown.current);
    let renewed = jar(&["new", "old"]).renew(&shown, false, now);
    let shown = jar(&["new"]).find(renewed.split(';').next().unwrap(), now).unwrap();
    assert!(shown.id == id && shown.current);
    assert!(jar(&["new"]).find(cookie, now).is_none(), "the old key was taken away");
}

#[tokio::test]
async fn cookies_say_how_browsers_are_to_keep_them() {
    let attributes = |cookies: &Cookies, secure| {
        let set = cookies.meet(None, secure).set_cookie.unwrap();
        set.split_once("; ").unwrap().1.to_owned()
    };
    let usual = cookies(|_| ());
    assert_eq!(attributes(&usual, false), "Path=/; Max-Age=86400; HttpOnly; SameSite=Lax");
    assert_eq!(attributes(&usual, true), "Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax");
    let other = cookies(|options| {
        options.name = "__Host-me".to_owned();
        options.same_site = SameSite::Strict;
        options.max_age = Duration::from_secs(60);
    });
    assert!(other.meet(None, true).set_cookie.unwrap().starts_with("__Host-me="));
    assert_eq!(attributes(&other, true), "Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Strict");
}

#[test]
fn an_old_cookie_is_none() {
    let jar = Jar::new(CookieOptions::default());
    let made = SystemTime::now();
    let (_, set) = jar.make(false, made);
    let cookie = set.split(';').next().unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    assert!(jar.find(cookie, made + day - Duration::from_secs(2)).is_some());
    assert!(jar.find(cookie, made + day).is_none());
}

#[tokio::test(start_paused = true)]
async fn logins_expire_and_are_bounded() {
    let cookies = cookies(|options| options.max_logins = 3);
    let first = logged_in(&cookies, "realm1", &joe());
    let others: Vec<String> = (0..3).map(|_| logged_in(&cookies, "realm1", &joe())).collect();
    assert!(join(&cookies, &first, "realm1", None).await.is_none(), "the oldest had to go");
    assert_eq!(cookies.forgotten.get(), 1);
    for cookie in &others {
        assert!(join(&cookies, cookie, "realm1", None).await.is_some());
    }
    tokio::time::advance(Duration::from_secs(24 * 60 * 60)).await;
    for cookie in &others {
        assert!(join(&cookies, cookie, "realm1", None).await.is_none());
    }
    logged_in(&cookies, "realm1", &joe());
    assert_eq!(cookies.forgotten.get(), 1, "what has expired takes no room");
}

#[test]
fn one_connection_leaves_logins_in_so_many_realms_and_as_one_user() {
    let mut table = Table::new(Duration::from_secs(60), 100);
    let now = Instant::now();
    for realm in 0..20 {
        table.put(1, &format!("realm{realm}"), &joe(), now);
    }
    let found = (0..20).filter(|realm| table.get(1, &format!("realm{realm}"), now).is_some()).count();
    assert_eq!(found, 8);
    table.put(1, "realm1", &Identity::new("ada", "user", "static"), now);
    assert!(table.get(1, "realm1", now).is_none());
}

#[test]
fn nothing_shows_secrets() {
    let options = CookieOptions { keys: vec![b"hunter2".to_vec().into()], ..CookieOptions::default() };
    assert!(!format!("{options:?}").contains("hunter2"));
    let cookies = Cookies::new(options);
    let met = cookies.meet(None, false);
    let shown = format!("{cookies:?} {met:?} {:?}", met.visitor);
    assert!(
        !shown.contains(&sent(&met)[6..20]) && !shown.contains(&format!("{}", met.visitor.id)),
        "{shown}"
    );
}
