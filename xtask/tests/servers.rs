//! The servers that tests and the demo stand on: they start, know accounts, restart with their data, and end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::process::Command;

use xtask::ejabberd::{self, Ejabberd};
use xtask::prosody::{self, Prosody};
use xtask::{error, net, paths};

#[test]
fn prosody_keeps_its_accounts_over_a_restart_and_ends_with_its_handle() {
    let mut server = Prosody::start(prosody::Options::default()).unwrap();
    server.register("romeo", "wherefore \"art\" thou").unwrap();
    let users = server.shell("user:list('localhost')").unwrap();
    assert!(users.contains("romeo@localhost"), "{users}");
    assert!(server.shell("user:nonsense()").is_err());

    server.kill();
    assert!(net::request(server.http_port, "GET", "/", &[], b"").is_err());
    server.restart().unwrap();
    assert!(
        server
            .shell("user:list('localhost')")
            .unwrap()
            .contains("romeo@localhost")
    );
    let log = server.log();
    assert!(!log.lines().any(|line| line.contains("\terror\t")), "{log}");

    let (dir, port) = (server.dir().to_owned(), server.http_port);
    drop(server);
    assert!(net::request(port, "GET", "/", &[], b"").is_err());
    assert!(!dir.exists());
}

#[test]
fn ejabberd_keeps_its_accounts_over_a_restart_and_ends_with_its_handle() {
    let mut server = Ejabberd::start(ejabberd::Options::default()).unwrap();
    server.register("romeo", "wherefore \"art\" thou").unwrap();
    let again = server.register("romeo", "other").unwrap_err();
    assert!(
        again.to_string().contains("exists") || again.to_string().contains("registered"),
        "{again}"
    );

    server.restart().unwrap();
    let users = server
        .shell("registered_users", r#"{"host":"localhost"}"#)
        .unwrap();
    assert!(users.contains("romeo"), "{users}");

    let port = server.http_port;
    drop(server);
    assert!(net::request(port, "GET", "/", &[], b"").is_err());
}

/// Prosody's own judge finds what is obsolete or misspelt.
#[test]
fn prosody_has_nothing_against_the_configuration_in_the_readme() {
    let readme = error::read(&paths::root().join("README.md")).unwrap();
    let start = readme.split("```lua\n").nth(1).unwrap();
    let advice = start.split("```").next().unwrap();
    let dir = paths::fresh("readme-test");
    let config = dir.join("prosody.cfg.lua");
    let data = prosody::quote(&dir.display().to_string());
    let rest = format!("data_path = {data}\ncertificates = {data}\nVirtualHost \"example.org\"\n");
    error::write(&config, format!("{advice}{rest}")).unwrap();
    let output = Command::new("prosodyctl")
        .arg("--root")
        .arg("--config")
        .arg(&config)
        .args(["check", "config"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("All checks passed"), "{said}");
}
