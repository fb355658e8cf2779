//! Which web pages may connect.
//!
//! Browsers say in `Origin` which page a script came from, and scripts can't change it. Other clients send none.

/// Whether one of the patterns matches: `*` everything, `https://example.com` itself, `https://*.example.com` all its
/// subdomains, at any depth, and not itself. Scheme, host and port are compared without regard to case.
pub fn origin_allowed(patterns: &[String], origin: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, origin))
}

fn matches(pattern: &str, origin: &str) -> bool {
    if pattern == "*" || pattern.eq_ignore_ascii_case(origin) {
        return true;
    }
    let Some((scheme, domain)) = pattern.split_once("://*.") else { return false };
    let Some((origin_scheme, host)) = origin.split_once("://") else { return false };
    let Some(dot) = host.len().checked_sub(domain.len() + 1) else { return false };
    // Octets, since nobody promises that `dot` falls between characters.
    let (label, rest) = host.as_bytes().split_at(dot);
    scheme.eq_ignore_ascii_case(origin_scheme)
        && is_label(label)
        && rest[0] == b'.'
        && rest[1..].eq_ignore_ascii_case(domain.as_bytes())
}

/// Nothing that would end the host name, so that `https://evil.com/.example.com` is no subdomain of `example.com`.
fn is_label(octets: &[u8]) -> bool {
    !octets.is_empty() && octets.iter().all(|&octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet))
}

#[cfg(test)]
mod tests;
