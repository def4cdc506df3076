//! `cargo xtask`: build, demo, test, bench, soak.
// A command line tool speaks through standard output.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use xtask::chaos::Server;
use xtask::serve::Site;
use xtask::test::Tally;
use xtask::{Error, Result, site, soak};

const HELP: &str = "\
cargo xtask <command>

  demo [--port N] [--server wss://...] [--open] [--reset]
                          the app, a server of its own with people in it, and a bot that answers
  build [--force]
                          the release site in dist/, for any static host
  test                    every check and test; closes with `N passed, N failed`
  bench [ROW] [--runs N] [--as-is]
                          the budgets, in a real browser against a real server; ROW is a part of a row's name
  soak [frames|properties|simulation|chaos|kills|engines] [--count N] [--server prosody|ejabberd] [--as-is]
                          what takes long: a million frames that were tampered with; 500 faults between real browsers
                          and both servers; 100 kills of renderers after Enter. Prints its seed, takes WAXWING_SEED
  serve [--port N] [--prefix /chat/]
                          dist/ as a careful host serves it
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    if arguments
        .iter()
        .any(|word| word == "--help" || word == "-h")
    {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut words = arguments.iter().map(String::as_str);
    let command = words.next().unwrap_or("help");
    match command {
        "build" => build(words)?,
        "demo" => demo(words)?,
        "test" => return test(words),
        "serve" => serve(words)?,
        "bench" => bench(words)?,
        "soak" => return soak(words),
        "post-build" => site::post_build()?,
        "help" => print!("{HELP}"),
        other => return Err(unknown(other)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Its last line is the sum, whatever happens.
fn test<'a>(mut flags: impl Iterator<Item = &'a str>) -> Result<ExitCode> {
    if let Some(other) = flags.next() {
        return Err(unknown(other));
    }
    let tally = xtask::test::run().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        Tally::FAILED
    });
    println!("{tally}");
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn build<'a>(flags: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut force = false;
    for flag in flags {
        match flag {
            "--force" => force = true,
            other => return Err(unknown(other)),
        }
    }
    site::build(force).map(drop)
}

fn demo<'a>(mut flags: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut options = xtask::demo::Options::default();
    while let Some(flag) = flags.next() {
        match flag {
            "--open" => options.open = true,
            "--reset" => options.reset = true,
            "--port" => options.port = Some(port(flags.next())?),
            "--server" => {
                let address = flags.next().unwrap_or_default();
                options.server = Some(xtask::demo::Address::parse(address)?);
            }
            other => return Err(unknown(other)),
        }
    }
    xtask::demo::run(&options)
}

fn bench<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut options = xtask::bench::Options::default();
    while let Some(word) = words.next() {
        match word {
            "--as-is" => options.as_is = true,
            "--runs" => options.runs = usize::from(number(words.next())?.max(1)),
            word if word.starts_with('-') => return Err(unknown(word)),
            row => row.clone_into(&mut options.filter),
        }
    }
    xtask::bench::run(&options)
}

/// Prints the seed first: `WAXWING_SEED` plays it again.
fn soak<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<ExitCode> {
    let mut options = soak::Options::default();
    let mut kind = soak::KINDS.first().map_or("", |kind| kind.name);
    while let Some(word) = words.next() {
        match word {
            "--count" => {
                let word = words.next().unwrap_or_default();
                options.count = Some(word.parse().map_err(|_| unknown(word))?);
            }
            "--server" => {
                options.server = Some(match words.next().unwrap_or_default() {
                    "prosody" => Server::Prosody,
                    "ejabberd" => Server::Ejabberd,
                    other => return Err(unknown(other)),
                });
            }
            "--as-is" => options.as_is = true,
            word if word.starts_with('-') => return Err(unknown(word)),
            word => kind = word,
        }
    }
    Ok(if soak::run(kind, options)? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn serve<'a>(mut flags: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut options = xtask::serve::Options::default();
    while let Some(flag) = flags.next() {
        match flag {
            "--port" => options.port = Some(port(flags.next())?),
            "--prefix" => options.prefix = flags.next().unwrap_or_default().to_owned(),
            other => return Err(unknown(other)),
        }
    }
    let site = Site::start(&xtask::paths::dist(), options)?;
    eprintln!("{}", site.url);
    xtask::demo::wait_for_the_end()
}

fn port(word: Option<&str>) -> Result<u16> {
    let word = word.unwrap_or_default();
    match word.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Error::Usage(format!(
            "a port is a number from 1 to 65535{}",
            if word.is_empty() {
                String::new()
            } else {
                format!(", not `{word}`")
            }
        ))),
    }
}

fn number(word: Option<&str>) -> Result<u16> {
    let word = word.unwrap_or_default();
    word.parse().map_err(|_| unknown(word))
}

fn unknown(word: &str) -> Error {
    Error::Usage(format!("`{word}` is not understood\n\n{HELP}"))
}
