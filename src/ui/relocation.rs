//! Where `config.json` leads elsewhere than at the last visit, accounts that came in by its address follow.
//!
//! An account keeps the address that it came in by, whether somebody typed it or the site has it: connecting waits for
//! no page. So the page remembers what the site had, and tells the accounts when that is different.

use leptos::task::spawn_local;

use super::browser;
use super::config::Config;
use super::handle::Handle;
use crate::boundary::command::AccountCommand;
use crate::entity::id::AccountId;
use crate::ui::view::prelude::*;

const KEY: &str = "waxwing.websocket";

/// Tells every account, once they are known.
pub fn follow(handle: Handle, config: &'static Config) {
    Effect::new(move |is_done: Option<bool>| {
        if is_done == Some(true) || !handle.model.ready.get() {
            return is_done == Some(true);
        }
        // Where there is none now, the file may only be missing at the moment: accounts keep what they have.
        let before = browser::recall(KEY);
        if config.websocket.is_some() && before != config.websocket {
            spawn_local(async move {
                if tell(handle, config, before).await {
                    browser::remember(KEY, config.websocket.as_deref());
                }
            });
        }
        true
    });
}

/// Says whether all of them have heard it.
async fn tell(handle: Handle, config: &Config, before: Option<String>) -> bool {
    let addresses = handle.model.accounts.all().into_iter();
    let addresses = addresses.map(|(id, row)| (id, row.address.to_string()));
    // All are told before one is waited for.
    let told: Vec<_> = replacements(config, before, addresses)
        .into_iter()
        .map(|(id, command)| handle.ask_account(id, command))
        .collect();
    let mut heard = true;
    for answer in told {
        heard &= answer.await.is_ok();
    }
    heard
}

fn replacements(
    config: &Config,
    before: Option<String>,
    accounts: impl Iterator<Item = (AccountId, String)>,
) -> Vec<(AccountId, AccountCommand)> {
    // Nobody knows what the site had.
    let Some(from) = before else {
        return Vec::new();
    };
    let replacement = |(id, address): (AccountId, String)| {
        // It is not for accounts of other servers: those stay.
        let to = config.websocket_for(&address)?;
        let from = from.clone();
        Some((id, AccountCommand::ReplaceWebSocket { from, to }))
    };
    accounts.filter_map(replacement).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_hears_where_its_own_server_is_now() {
        let mut config = Config {
            domain: Some("example.org".into()),
            websocket: Some("wss://new.example.org/ws".into()),
            ..Config::default()
        };
        let accounts = || {
            [(1, "romeo@example.org"), (2, "romeo@example.net")]
                .map(|(id, address)| (AccountId(id), address.to_owned()))
                .into_iter()
        };
        let to = |websocket: &str| AccountCommand::ReplaceWebSocket {
            from: "wss://example.org/ws".into(),
            to: websocket.to_owned(),
        };
        let before = || Some("wss://example.org/ws".to_owned());
        assert_eq!(
            replacements(&config, before(), accounts()),
            [(AccountId(1), to("wss://new.example.org/ws"))]
        );
        assert_eq!(replacements(&config, None, accounts()), []);
        // It has none any more, or the file is missing: nobody is led away.
        config.websocket = None;
        assert_eq!(replacements(&config, before(), accounts()), []);
    }
}
