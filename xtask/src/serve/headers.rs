//! What every answer says beside its contents.

use hyper::Response;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

use super::Body;

/// The policy under which the site must work: nothing inline, nothing from elsewhere but the XMPP server's data.
///
/// `connect-src` names loopback without TLS for servers on one's own machine.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; \
    connect-src 'self' ws://localhost:* ws://127.0.0.1:* wss: https:; worker-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// Adds what a careful host adds.
pub fn protect(response: &mut Response<Body>) {
    let all = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in all {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
}

/// Asks browsers to look for a newer one each time.
pub fn uncached(response: &mut Response<Body>) {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}

/// Lets browsers keep it for ever: another content has another address.
pub fn immutable(response: &mut Response<Body>) {
    let value = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(CACHE_CONTROL, value);
}

/// Lets pages of any origin read it (XEP-0156 §3 asks for this).
pub fn open_to_all(response: &mut Response<Body>) {
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_recommends_the_policy_that_the_site_is_tested_with() {
        let readme = crate::error::read(&crate::paths::root().join("README.md")).unwrap();
        let line = format!("\nContent-Security-Policy: {POLICY}\n");
        assert!(readme.contains(&line), "not in README.md: {line}");
    }
}
