//! A talk, message by message: from Enter and from what is received, to what is seen.
//!
//! - *Enter → other client*: from the time stamp of the real key event to the moment when juliet's bare client has the frame.
//! - *Enter → own message painted*: from the same to the end of the frame that shows the message in the timeline.
//! - *Received → painted*: from the moment when the site hands the frame on to the browser, to the end of the frame that shows it.
//!
//! Enter comes when the text has stood there for a moment, as from somebody who reads what they wrote; at the same time
//! as the frame that shows the last letter it would measure that frame. What is received comes as somebody writes, too: as
//! fast as pages can show it, it would be a flood, of which pages are told a few times a second (`account/pace.rs`).
//!
//! Page, site and client count by the same clock of this machine.

use std::thread::sleep;
use std::time::Duration;

use super::history::go;
use super::page::{figure, took};
use super::peer::{Peer, message};
use super::report::Findings;
use super::rows::Key;
use super::world::World;
use crate::error::{Error, Result};

/// How many messages each way.
const MESSAGES: u64 = 60;
/// How long a text stands there before it is sent, and nothing comes.
const REST: Duration = Duration::from_millis(100);

/// Measures the rows.
///
/// # Errors
/// When a message does not come.
pub fn measure(world: &World, findings: &mut Findings) -> Result<()> {
    let juliet = Peer::log_in("juliet", world.server.http_port)?;
    let page = world.logged_in("romeo")?;
    go(&page);
    page.browser.find("textbox", "Message").click();
    for number in 0..MESSAGES {
        let text = format!("Mine {number}.");
        page.begin("sent", &text);
        page.insert(&text);
        // At another point of a frame each time.
        sleep(REST + Duration::from_millis(number * 7 % 17));
        page.press("Enter", "\r");
        let heard = juliet.hears(&text)?;
        let sent = page.end("sent")?;
        findings.add(Key::OwnPainted, took(&sent)?);
        findings.add(Key::ToOther, page.millis(heard)? - figure(&sent, "start")?);
    }
    for number in 0..MESSAGES {
        let text = format!("Hers {number}.");
        sleep(REST + Duration::from_millis(number * 7 % 17));
        world.site.record();
        page.begin("newest", &text);
        juliet.send(vec![message("romeo", &format!("t{number}"), &text)]);
        let seen = figure(&page.end("newest")?, "painted")?;
        let passed = world.site.passed(&text).ok_or_else(|| Error::Refused {
            what: text.clone(),
            answer: "it did not pass the site".into(),
        })?;
        findings.add(Key::Received, seen - page.millis(passed)?);
    }
    Ok(())
}
