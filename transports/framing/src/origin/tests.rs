use super::matches;

#[test]
fn star_matches_everything() {
    assert!(matches("*", "https://example.com"));
    assert!(matches("*", "null"));
}

#[test]
fn exact_origins_match_themselves_with_scheme_and_port() {
    assert!(matches("https://example.com", "https://EXAMPLE.com"));
    assert!(!matches("https://example.com", "http://example.com"));
    assert!(!matches("https://example.com", "https://example.com:8080"));
    assert!(!matches("https://example.com", "https://example.com.evil.org"));
}

#[test]
fn wildcards_match_subdomains_only() {
    let pattern = "https://*.example.com:8443";
    assert!(matches(pattern, "https://a.example.com:8443"));
    assert!(matches(pattern, "https://a.b.Example.com:8443"));
    for other in [
        "https://example.com:8443",
        "https://.example.com:8443",
        "https://evilexample.com:8443",
        "https://a.example.com",
        "http://a.example.com:8443",
        "https://evil.org/.example.com:8443",
        "https://evil.org#.example.com:8443",
        "https://user@.example.com:8443",
        "example.com:8443",
        "",
        "https://ü.example.com:8443",
    ] {
        assert!(!matches(pattern, other), "{other}");
    }
}
