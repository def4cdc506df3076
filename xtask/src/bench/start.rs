//! The first visit: how soon the login form can be used, and what goes over the wire.
//!
//! Each run has a new browser with a new profile, so nothing is cached. The form can be used when the field "XMPP address"
//! was painted and takes keys; a key that was typed proves it. The clock begins with the navigation.
//!
//! Bytes are counted by the site as it sends them, heads included. To the form: all that was sent until it could be used,
//! but for the engine's own files, which load beside the form and which it does not wait for. To a conversation: all,
//! from the first visit over the log-in to a conversation with an archived message and a field to write.

use serde_json::json;

use super::page::{Page, figure};
use super::peer::{Peer, message};
use super::report::{Findings, Key};
use super::world::World;
use crate::error::{Error, Result};
use crate::serve::Sent;

/// Measures the three rows.
///
/// # Errors
/// When a run fails.
pub fn measure(world: &World, findings: &mut Findings) -> Result<()> {
    let juliet = Peer::log_in("juliet", world.server.http_port)?;
    juliet.send(vec![message("romeo", "first", "No. 1. Soft!")]);
    for run in 0..world.runs {
        let page = Page::new(&world.driver);
        world.site.record();
        page.browser.go(&world.site.url);
        let form = page.eval("return await bench.form", json!([]))?;
        let usable = figure(&form, "painted")?;
        findings.add(Key::ColdStart, usable);
        let sent = world.site.sent();
        let field = page.browser.find("textbox", "XMPP address");
        field.enter("romeo@localhost");
        if field.value() != "romeo@localhost" {
            return Err(Error::Refused {
                what: "typing into the form".into(),
                answer: field.value(),
            });
        }
        let mut until_then = Vec::new();
        for one in sent {
            if page.millis(one.at)? <= usable {
                until_then.push(one);
            }
        }
        let (engine, form): (Vec<_>, Vec<_>) = until_then
            .into_iter()
            .partition(|one| one.path.contains("engine"));
        findings.add(Key::WireForm, kilobytes(&form));
        page.browser
            .find("textbox", "Password")
            .enter(crate::demo::people::PASSWORD);
        page.browser.find("button", "Log in").click();
        page.browser.status("Online");
        page.browser.run(
            "location.hash = '#/romeo@localhost/juliet@localhost'",
            json!([]),
        );
        page.ask("newest", json!(["No. 1."]))?;
        page.ask("composer", json!([]))?;
        findings.add(Key::WireConversation, kilobytes(&world.site.sent()));
        if run == 0 {
            findings.note(
                Key::WireForm,
                format!(
                    "{}; the engine's files had come to {:.0} KB by then and do not count here",
                    list(&form),
                    kilobytes(&engine)
                ),
            );
        }
    }
    Ok(())
}

fn kilobytes(sent: &[Sent]) -> f64 {
    sent.iter().map(|one| one.bytes as f64).sum::<f64>() / 1000.0
}

fn list(sent: &[Sent]) -> String {
    let files: Vec<String> = sent
        .iter()
        .map(|one| {
            format!(
                "{} {:.1}",
                one.path.trim_start_matches('/'),
                one.bytes as f64 / 1000.0
            )
        })
        .collect();
    files.join(", ")
}
