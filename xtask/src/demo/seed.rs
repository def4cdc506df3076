//! The demo's past, written into Prosody's own storage before it starts: accounts, rosters, requests, archives.

use crate::demo::people::{CONTACTS, DOMAIN, PASSWORD, PEOPLE, TALKS, Tie, name};
use crate::demo::talk::{Chance, Line, date_time, lines};
use crate::error::{Result, write};
use crate::prosody::{Prosody, quote};

/// Writes everything. `now` is in seconds since 1970.
///
/// # Errors
/// When a file cannot be written.
pub fn everything(server: &Prosody, now: u64) -> Result<()> {
    for person in PEOPLE {
        server.register(person.user, PASSWORD)?;
        write(
            &server.record("roster", person.user, "dat"),
            roster(person.user),
        )?;
        write(
            &server.record("vcard", person.user, "dat"),
            vcard(person.name),
        )?;
    }
    let mut romeo = Vec::new();
    for (other, text, weeks) in TALKS {
        let all = lines(text, *weeks, now, other);
        let archive: String = all.iter().map(|line| item(other, "romeo", line)).collect();
        write(&server.record("archive", other, "list"), archive)?;
        romeo.extend(all.into_iter().map(|line| (*other, line)));
    }
    romeo.sort_by_key(|(_, line)| line.when);
    let archive: String = romeo
        .iter()
        .map(|(other, line)| item("romeo", other, line))
        .collect();
    write(&server.record("archive", "romeo", "list"), archive)
}

/// A roster as `core.rostermanager` keeps it.
fn roster(owner: &str) -> String {
    let mut items = String::new();
    let mut pending = String::new();
    for contact in CONTACTS.iter().filter(|contact| contact.owner == owner) {
        let jid = quote(&format!("{}@{DOMAIN}", contact.user));
        let (subscription, ask) = match contact.tie {
            Tie::Both => ("both", ""),
            Tie::To => ("to", ""),
            Tie::From => ("from", ""),
            Tie::Asked => ("none", "[\"ask\"] = \"subscribe\"; "),
            Tie::Asking => {
                pending.push_str(&format!("[{jid}] = true; "));
                continue;
            }
        };
        let groups: String = contact
            .groups
            .iter()
            .map(|group| format!("[{}] = true; ", quote(group)))
            .collect();
        items.push_str(&format!(
            "\t[{jid}] = {{ [\"name\"] = {}; [\"subscription\"] = \"{subscription}\"; {ask}[\"groups\"] = {{ {groups}}} }};\n",
            quote(name(contact.user)),
        ));
    }
    format!(
        "return {{\n\t[false] = {{ [\"version\"] = 1; [\"pending\"] = {{ {pending}}} }};\n{items}}};\n"
    )
}

/// A profile (XEP-0054) as `util.stanza` is kept.
fn vcard(name: &str) -> String {
    format!(
        "return {{ [\"name\"] = \"vCard\"; [\"attr\"] = {{ [\"xmlns\"] = \"vcard-temp\" }}; \
         {{ [\"name\"] = \"FN\"; [\"attr\"] = {{ [\"xmlns\"] = \"vcard-temp\" }}; {} }} }};\n",
        quote(name)
    )
}

/// A message in the archive of `owner`, as `mod_storage_internal` keeps it.
fn item(owner: &str, other: &str, line: &Line) -> String {
    let by_owner = line.is_romeo == (owner == "romeo");
    let (from, to) = if by_owner {
        (owner, other)
    } else {
        (other, owner)
    };
    let full = format!(
        "{from}@{DOMAIN}/{}",
        if from == "romeo" { "garden" } else { "home" }
    );
    // Both archives hold the same message, each under its own key.
    let id = Chance::new(&format!("{from} {to} {} {}", line.when, line.text)).next();
    let key = Chance::new(&format!("{owner} {id}")).next();
    format!(
        "item({{ [\"name\"] = \"message\"; [\"attr\"] = {{ [\"type\"] = \"chat\"; [\"from\"] = {from}; [\"to\"] = {to}; \
         [\"id\"] = \"{id:016x}\"; [\"stamp\"] = \"{stamp}\" }}; [\"key\"] = \"{key:016x}\"; [\"when\"] = {when}; \
         [\"with\"] = {with}; {{ [\"name\"] = \"body\"; [\"attr\"] = {{ }}; {body} }}; \
         {{ [\"name\"] = \"origin-id\"; [\"attr\"] = {{ [\"xmlns\"] = \"urn:xmpp:sid:0\"; [\"id\"] = \"{id:016x}\" }} }} }});\n",
        from = quote(&full),
        to = quote(&format!("{to}@{DOMAIN}")),
        stamp = date_time(line.when),
        when = line.when,
        with = quote(&format!("{other}@{DOMAIN}")),
        body = quote(&line.text),
    )
}
