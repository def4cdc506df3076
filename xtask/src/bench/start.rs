//! The first visit: how soon the login form can be used, and what goes over the wire.
//!
//! Each run has a new browser with a new profile, so nothing is cached. The form can be used when the field "XMPP address"
//! was painted and takes keys: what is typed is kept, and what is pressed is done, when the program behind the form comes
//! (`tests/e2e/first_paint.rs`). When that is, and after how many bytes, stands in the note. The clock begins with the navigation.
//!
//! Bytes are counted by the site as it sends them, heads included. To the form: all that was sent until it could be used,
//! but for the engine's own files, which load beside the form and which it does not wait for. To a conversation: all,
//! from the first visit over the log-in to a conversation with an archived message and a field to write.

use serde_json::json;

use super::page::{Page, figure};
use super::peer::{Peer, message};
use super::report::Findings;
use super::rows::Key;
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
        let program = page.eval("return await bench.program", json!([]))?;
        let program = figure(&program, "painted")?;
        let field = page.browser.find("textbox", "XMPP address");
        field.enter("romeo@localhost");
        if field.value() != "romeo@localhost" {
            return Err(Error::Refused {
                what: "typing into the form".into(),
                answer: field.value(),
            });
        }
        let form = until(world, &page, usable)?;
        findings.add(Key::WireForm, kilobytes(&form));
        if run == 0 {
            findings.note(
                Key::WireForm,
                format!(
                    "{}; the program behind it is there after {program:.0} ms and {:.0} KB",
                    list(&form),
                    kilobytes(&until(world, &page, program)?)
                ),
            );
        }
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
    }
    Ok(())
}

/// What the site sent until a moment of the page, but for the engine's files.
fn until(world: &World, page: &Page, moment: f64) -> Result<Vec<Sent>> {
    let mut sent = Vec::new();
    for one in world.site.sent() {
        if page.millis(one.at)? <= moment && !one.path.contains("engine") {
            sent.push(one);
        }
    }
    Ok(sent)
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
