//! What can be said about a log-in before anything is sent.

use crate::boundary::command::LogIn;
use crate::entity::endpoint::Endpoint;
use crate::entity::host::is_loopback;
use crate::entity::problem::Problem;
use crate::entity::secret::Secret;
use crate::ui::config::Config;

/// What is in the form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Typed {
    /// The XMPP address.
    pub address: String,
    /// The password.
    pub password: String,
    /// The WebSocket address.
    pub websocket: String,
    /// It stands there as the link to this page gave it.
    pub from_link: bool,
    /// "Stay logged in".
    pub stay: bool,
}

/// Why nothing was sent, or why it did not succeed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// There is no password.
    PasswordMissing,
    /// The link would have the password sent to that host, which is not the account's.
    ForeignHost(String),
    /// Anything else.
    Problem(Problem),
}

/// The command for what was typed, on a page of the host `here`.
pub fn log_in(typed: Typed, config: &Config, here: &str) -> Result<LogIn, Trouble> {
    let address = config.complete(&typed.address);
    let parts = address.split_once('@');
    let Some((local, domain)) = parts.filter(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains(char::is_whitespace)
    }) else {
        return Err(Trouble::Problem(Problem::InvalidAddress));
    };
    debug_assert!(!local.is_empty());
    allowed(domain, config)?;
    if typed.password.is_empty() {
        return Err(Trouble::PasswordMissing);
    }
    let websocket = match typed.websocket.trim() {
        "" => config.websocket_for(&address),
        given => {
            if typed.from_link {
                let to = Endpoint::parse(given).map_err(Trouble::Problem)?;
                may_lead_to(to.host(), domain, here)?;
            }
            Some(given.to_owned())
        }
    };
    Ok(LogIn {
        password: Secret::new(typed.password),
        websocket,
        stay: typed.stay,
        anonymous: false,
        weaker: false,
        address,
    })
}

/// What one types to mean this address: without the domain where the form shows it.
pub fn typed_address(address: &str, config: &Config) -> String {
    let ours = config.domain.as_ref().filter(|_| !config.other_servers);
    let local = ours.and_then(|domain| address.strip_suffix(&**domain)?.strip_suffix('@'));
    local.unwrap_or(address).to_owned()
}

/// The command for a guest, if the host lets guests in.
pub fn guest(config: &Config) -> Option<LogIn> {
    let domain = config.domain.clone().filter(|_| config.anonymous)?;
    Some(LogIn {
        websocket: config.websocket_for(&domain),
        address: domain,
        password: Secret::default(),
        stay: false,
        anonymous: true,
        weaker: false,
    })
}

fn allowed(domain: &str, config: &Config) -> Result<(), Trouble> {
    match &config.domain {
        Some(ours) if !config.other_servers && !ours.eq_ignore_ascii_case(bare_domain(domain)) => {
            Err(Trouble::Problem(Problem::ServerNotAllowed(ours.clone())))
        }
        _ => Ok(()),
    }
}

/// A resource, which some people type, says nothing about the server.
fn bare_domain(domain: &str) -> &str {
    domain.split('/').next().unwrap_or_default()
}

/// A link may have the password of an account sent to few hosts: anybody makes links, and people see only the page
/// that they lead to. The account's own domain may be meant, and the host that this page is from.
fn may_lead_to(given: &str, domain: &str, here: &str) -> Result<(), Trouble> {
    let bare = |host: &str| host.trim_end_matches('.').to_ascii_lowercase();
    let (host, domain, here) = (bare(given), bare(bare_domain(domain)), bare(here));
    let is_below = host
        .strip_suffix(&domain)
        .is_some_and(|rest| rest.ends_with('.'));
    let is_meant =
        host == domain || is_below || host == here || is_loopback(&host) && is_loopback(&here);
    is_meant
        .then_some(())
        .ok_or_else(|| Trouble::ForeignHost(given.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_sends_nobodys_password_to_a_stranger() {
        let given = |websocket: &str, from_link: bool, here: &str| {
            let typed = Typed {
                websocket: websocket.into(),
                from_link,
                ..typed("romeo@example.org/orchard")
            };
            log_in(typed, &Config::default(), here)
        };
        for stranger in [
            "wss://example.com/ws",
            "wss://notexample.org/",
            "wss://example.org.example.com:5443/ws",
            "wss://localhost/",
            "wss://[2001:db8::1]/",
        ] {
            let refused = given(stranger, true, "chat.example.net");
            assert!(
                matches!(refused, Err(Trouble::ForeignHost(_))),
                "{stranger}"
            );
            assert!(
                given(stranger, false, "chat.example.net").is_ok(),
                "{stranger}"
            );
        }
        for odd in [
            "wss://example.org@example.com/ws",
            "wss://example.com\\.example.org/",
            "example.com",
            "ws://example.org/",
        ] {
            let refused = given(odd, true, "chat.example.net");
            assert!(matches!(refused, Err(Trouble::Problem(_))), "{odd}");
        }
        for (own, here) in [
            ("wss://example.org/ws", "chat.example.net"),
            ("wss://XMPP.Example.ORG:5443/ws", "chat.example.net"),
            ("wss://chat.example.net/ws", "chat.example.net"),
            ("ws://localhost:5280/ws", "127.0.0.1"),
            ("ws://[::1]:5280/ws", "localhost"),
            ("ws://xmpp.localhost/ws", "[::1]"),
        ] {
            assert!(given(own, true, here).is_ok(), "{own}");
        }
    }

    fn typed(address: &str) -> Typed {
        Typed {
            address: address.into(),
            password: "s3cret".into(),
            ..Typed::default()
        }
    }

    #[test]
    fn an_address_needs_both_its_parts() {
        let config = Config::default();
        for bad in ["", "romeo", "@example.org", "romeo@", "romeo@a b"] {
            let trouble = log_in(typed(bad), &config, "").unwrap_err();
            assert_eq!(trouble, Trouble::Problem(Problem::InvalidAddress), "{bad}");
        }
        let log_in = log_in(typed(" romeo@example.org "), &config, "").unwrap();
        assert_eq!(log_in.address, "romeo@example.org");
        assert_eq!(log_in.websocket, None);
    }

    #[test]
    fn a_missing_password_is_noticed() {
        let typed = Typed {
            password: String::new(),
            ..typed("romeo@example.org")
        };
        assert_eq!(
            log_in(typed, &Config::default(), ""),
            Err(Trouble::PasswordMissing)
        );
    }

    #[test]
    fn a_host_may_keep_people_to_its_own_server() {
        let config = Config {
            domain: Some("example.org".into()),
            websocket: Some("wss://example.org/ws".into()),
            other_servers: false,
            ..Config::default()
        };
        let ours = log_in(typed("romeo"), &config, "").unwrap();
        assert_eq!(ours.address, "romeo@example.org");
        assert_eq!(ours.websocket.as_deref(), Some("wss://example.org/ws"));
        assert!(log_in(typed("romeo@Example.org/orchard"), &config, "").is_ok());
        let other = log_in(typed("romeo@example.com"), &config, "");
        assert_eq!(
            other,
            Err(Trouble::Problem(Problem::ServerNotAllowed(
                "example.org".into()
            )))
        );
    }

    #[test]
    fn the_typed_websocket_goes_before_the_configured_one() {
        let typed = Typed {
            websocket: " wss://other.example.org/ ".into(),
            ..typed("romeo@example.org")
        };
        let config = Config {
            websocket: Some("wss://example.org/ws".into()),
            ..Config::default()
        };
        let log_in = log_in(typed, &config, "").unwrap();
        assert_eq!(
            log_in.websocket.as_deref(),
            Some("wss://other.example.org/")
        );
    }

    #[test]
    fn guests_come_in_only_where_they_are_let_in() {
        let mut config = Config {
            domain: Some("example.org".into()),
            ..Config::default()
        };
        assert_eq!(guest(&config), None);
        config.anonymous = true;
        let guest = guest(&config).unwrap();
        assert!(guest.anonymous && !guest.stay);
        assert_eq!(guest.address, "example.org");
    }

    #[test]
    fn an_address_is_filled_in_as_one_types_it() {
        let mut config = Config {
            domain: Some("example.org".into()),
            ..Config::default()
        };
        assert_eq!(
            typed_address("romeo@example.org", &config),
            "romeo@example.org"
        );
        config.other_servers = false;
        assert_eq!(typed_address("romeo@example.org", &config), "romeo");
        assert_eq!(
            typed_address("romeo@example.net", &config),
            "romeo@example.net"
        );
        assert_eq!(
            typed_address("romeo@notexample.org", &config),
            "romeo@notexample.org"
        );
    }
}
