//! XEP-0156: finding a server's WebSocket.
//!
//! **Invariant:** looked up over `https:` only, within bounds of size and time; what is found must pass
//! [`Endpoint::parse`] and be encrypted, whoever says it.

use std::time::Duration;

use futures::future::join;

use super::json::Json;
use super::ports::{Http, HttpRequest};
use crate::entity::endpoint::Endpoint;
use crate::entity::host::is_loopback;
use crate::xmpp::{gate, parse};

/// The link relation of a WebSocket (XEP-0156 §3.1).
const WEBSOCKET: &str = "urn:xmpp:alt-connections:websocket";
/// The namespace of host-meta (RFC 6415).
const XRD: &str = "http://docs.oasis-open.org/ns/xri/xrd-1.0";
/// The longest document.
const MOST: usize = 64 * 1024;
/// The longest time.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many links of one document are tried.
const LINKS: usize = 4;

/// Where a domain's WebSocket may be, the likeliest first.
pub async fn discover(http: &dyn Http, domain: &str) -> Vec<Endpoint> {
    // A domain that makes no address cannot be asked either.
    if Endpoint::parse(&format!("wss://{domain}/")).is_err() {
        return Vec::new();
    }
    let fetch = |name: &str| {
        http.fetch(HttpRequest {
            url: format!("https://{domain}/.well-known/{name}"),
            max_bytes: MOST,
            timeout: PATIENCE,
        })
    };
    let (json, xml) = join(fetch("host-meta.json"), fetch("host-meta")).await;
    let mut links = Vec::new();
    for (document, read) in [
        (json, from_json as fn(&str) -> Vec<String>),
        (xml, from_xml as fn(&str) -> Vec<String>),
    ] {
        let Ok(document) = document else { continue };
        // A redirect must not leave the encrypted way.
        if document.status != 200
            || !document.final_url.starts_with("https://")
            || document.body.len() > MOST
        {
            continue;
        }
        if let Ok(text) = std::str::from_utf8(&document.body) {
            links.extend(read(text).into_iter().take(LINKS));
        }
    }
    candidates(&links, domain)
}

/// The links that may be followed, then the usual places.
fn candidates(links: &[String], domain: &str) -> Vec<Endpoint> {
    let usual = [
        format!("wss://{domain}/xmpp-websocket"),
        format!("wss://{domain}/ws"),
    ];
    let mut found: Vec<Endpoint> = Vec::new();
    for text in links.iter().chain(&usual) {
        // A document from elsewhere never leads to this machine, nor off the encrypted way.
        if !text.trim().to_ascii_lowercase().starts_with("wss://") {
            continue;
        }
        let Ok(endpoint) = Endpoint::parse(text) else {
            continue;
        };
        let is_safe = is_loopback(domain) || !is_loopback(endpoint.host());
        if is_safe && !found.contains(&endpoint) {
            found.push(endpoint);
        }
    }
    found
}

fn from_json(text: &str) -> Vec<String> {
    let Some(document) = Json::parse(text.trim_start_matches('\u{FEFF}')) else {
        return Vec::new();
    };
    let links = document.field("links").map(Json::list).unwrap_or_default();
    let text = |link: &'_ Json, name| link.field(name)?.text().map(str::to_owned);
    links
        .iter()
        .filter(|link| text(link, "rel").as_deref() == Some(WEBSOCKET))
        .filter_map(|link| text(link, "href"))
        .collect()
}

fn from_xml(text: &str) -> Vec<String> {
    let Some(root) = root_of(text) else {
        return Vec::new();
    };
    root.children()
        .filter(|link| link.is("Link", XRD) && link.attr("rel") == Some(WEBSOCKET))
        .filter_map(|link| link.attr("href").map(str::to_owned))
        .collect()
}

/// The document's root, read behind the same gate as the frames of a stream.
fn root_of(text: &str) -> Option<minidom::Element> {
    let mut text = text.trim_start_matches('\u{FEFF}').trim();
    if let Some(rest) = text.strip_prefix("<?xml") {
        text = rest.split_once("?>")?.1.trim_start();
    }
    while let Some(rest) = text.strip_prefix("<!--") {
        text = rest.split_once("-->")?.1.trim_start();
    }
    let root = parse::parse(&gate::check(text).ok()?).ok()?;
    root.is("XRD", XRD).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ports::{HttpError, HttpResponse};
    use futures::FutureExt;
    use futures::executor::block_on;
    use futures::future::LocalBoxFuture;
    use std::collections::HashMap;

    #[derive(Default)]
    struct Site(HashMap<String, Result<HttpResponse, HttpError>>);

    impl Site {
        fn with(mut self, url: &str, body: &str) -> Self {
            let response = HttpResponse {
                status: 200,
                final_url: url.into(),
                body: body.into(),
            };
            self.0.insert(url.into(), Ok(response));
            self
        }
    }

    impl Http for Site {
        fn fetch(
            &self,
            request: HttpRequest,
        ) -> LocalBoxFuture<'static, Result<HttpResponse, HttpError>> {
            assert!(request.max_bytes <= MOST && request.timeout <= PATIENCE);
            let answer = self.0.get(&request.url).cloned();
            async move { answer.unwrap_or(Err(HttpError::Network)) }.boxed_local()
        }
        fn answers(&self, _url: &str) -> LocalBoxFuture<'static, bool> {
            async { false }.boxed_local()
        }
    }

    const JSON: &str = "https://example.org/.well-known/host-meta.json";
    const XML: &str = "https://example.org/.well-known/host-meta";

    fn found(site: &Site) -> Vec<String> {
        let found = block_on(discover(site, "example.org"));
        found
            .iter()
            .map(|endpoint| endpoint.url().to_owned())
            .collect()
    }

    const USUAL: [&str; 2] = ["wss://example.org/xmpp-websocket", "wss://example.org/ws"];

    #[test]
    fn without_host_meta_the_usual_places_are_tried() {
        assert_eq!(found(&Site::default()), USUAL);
    }

    #[test]
    fn links_of_both_documents_come_first() {
        let site = Site::default()
            .with(
                JSON,
                r#"{"subject":1,"links":[{"rel":"x","href":"wss://no.example/"},
                {"rel":"urn:xmpp:alt-connections:websocket","href":"wss://json.example.org/ws"}]}"#,
            )
            .with(
                XML,
                "<?xml version='1.0' encoding='utf-8'?>\n<!-- hello -->\n\
                 <XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\
                 <Link rel='urn:xmpp:alt-connections:xbosh' href='https://example.org/bosh'/>\
                 <Link rel='urn:xmpp:alt-connections:websocket' href='wss://xml.example.org/ws'/></XRD>",
            );
        assert_eq!(
            found(&site),
            [
                "wss://json.example.org/ws",
                "wss://xml.example.org/ws",
                USUAL[0],
                USUAL[1]
            ]
        );
    }

    #[test]
    fn hostile_links_are_not_followed() {
        let links = [
            "ws://evil.example/",
            "ws://localhost:5280/",
            "wss://localhost:5281/",
            "wss://127.1/",
            "javascript:alert(1)",
            "http://example.org/",
            "wss://romeo@evil.example/",
            "wss://evil.example/\\u0000",
        ]
        .map(|href| format!(r#"{{"rel":"{WEBSOCKET}","href":"{href}"}}"#))
        .join(",");
        let site = Site::default().with(JSON, &format!(r#"{{"links":[{links}]}}"#));
        assert_eq!(found(&site), USUAL);
    }

    #[test]
    fn hostile_documents_are_no_documents() {
        let link = format!("<Link rel='{WEBSOCKET}' href='wss://evil.example/'/>");
        for body in [
            "<html><body>404</body></html>".to_owned(),
            format!("<!DOCTYPE x [<!ENTITY a 'b'>]><XRD xmlns='{XRD}'>{link}</XRD>"),
            format!("<XRD>{link}</XRD>"),
            format!("<XRD xmlns='{XRD}'>{link}"),
            format!("<XRD xmlns='{XRD}'>{link}{}</XRD>", " ".repeat(MOST)),
            "[".repeat(MOST),
        ] {
            let site = Site::default().with(XML, &body).with(JSON, &body);
            assert_eq!(found(&site), USUAL, "{}", &body[..40]);
        }
    }

    #[test]
    fn a_redirect_off_the_encrypted_way_is_ignored() {
        let body = format!(r#"{{"links":[{{"rel":"{WEBSOCKET}","href":"wss://evil.example/"}}]}}"#);
        let mut site = Site::default().with(JSON, &body);
        let response = site.0.get_mut(JSON).unwrap().as_mut().unwrap();
        response.final_url = "http://example.org/".into();
        assert_eq!(found(&site), USUAL);
        let response = site.0.get_mut(JSON).unwrap().as_mut().unwrap();
        response.final_url = "https://www.example.org/".into();
        assert_eq!(found(&site)[0], "wss://evil.example/");
        let response = site.0.get_mut(JSON).unwrap().as_mut().unwrap();
        response.status = 404;
        assert_eq!(found(&site), USUAL);
    }
}
