//! The architecture as a test: layers, first lines, sizes, tokens, docs. A breach names the file and the rule.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers, top to bottom: which modules of ours, and which foreign crates never.
const LAYERS: &[(&str, &[&str], &[&str])] = &[
    (
        "unicode",
        &["unicode"],
        &["minidom", "xmpp_parsers", "leptos"],
    ),
    (
        "entity",
        &["unicode", "entity"],
        &["minidom", "xmpp_parsers", "leptos", "web_sys", "js_sys"],
    ),
    (
        "boundary",
        &["entity", "boundary"],
        &[
            "minidom",
            "xmpp_parsers",
            "leptos",
            "web_sys",
            "js_sys",
            "jid",
        ],
    ),
    (
        "event",
        &["entity", "boundary", "event"],
        &["minidom", "xmpp_parsers", "leptos", "web_sys"],
    ),
    (
        "xmpp",
        &["unicode", "entity", "boundary", "event", "xmpp"],
        &["leptos", "web_sys", "js_sys", "getrandom", "futures"],
    ),
    (
        "store",
        &["entity", "event", "store"],
        &[
            "minidom",
            "xmpp_parsers",
            "leptos",
            "web_sys",
            "indexed_db_futures",
        ],
    ),
    (
        "model",
        &["entity", "event", "boundary", "model"],
        &["minidom", "xmpp_parsers", "leptos", "web_sys"],
    ),
    (
        "client",
        &[
            "entity", "boundary", "event", "xmpp", "store", "model", "client",
        ],
        &["leptos", "web_sys", "js_sys", "gloo_net"],
    ),
    (
        "platform",
        &["entity", "boundary", "store", "client", "platform"],
        &["leptos", "minidom", "xmpp_parsers"],
    ),
    (
        "ui",
        &["entity", "boundary", "ui"],
        &["minidom", "xmpp_parsers", "jid", "indexed_db_futures"],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else {
        return found;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// The code of a file without its tests, comments and string contents are kept: both name modules rarely enough.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]").next().unwrap()
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    without_tests(text)
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
}

fn report(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

/// Every `crate::name` in a line, also those in `use crate::{a, b}`.
fn mentioned(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("crate::") {
        rest = &rest[at + "crate::".len()..];
        let word = |text: &str| -> String {
            text.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        };
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if start && c.is_alphabetic() => {
                        names.push(word(&group[i..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            names.push(word(rest));
        }
    }
    names
}

#[test]
fn each_layer_imports_only_those_above_it() {
    let modules: Vec<&str> = LAYERS.iter().map(|(layer, ..)| *layer).collect();
    let mut breaches = Vec::new();
    for (layer, may, never) in LAYERS {
        let src = root().join("src");
        let mut all = files(&src.join(layer), "rs");
        all.extend(Some(src.join(format!("{layer}.rs"))).filter(|p| p.exists()));
        assert!(
            !all.is_empty(),
            "no files in layer {layer}: the list above is out of date"
        );
        for file in all {
            let text = fs::read_to_string(&file).unwrap();
            for line in code_lines(&text) {
                for module in mentioned(line) {
                    if modules.contains(&module.as_str()) && !may.contains(&module.as_str()) {
                        breaches.push(format!(
                            "{}: {layer} may not import {module}: {line}",
                            name(&file)
                        ));
                    }
                }
                for foreign in *never {
                    if line.contains(&format!("{foreign}::")) {
                        breaches.push(format!(
                            "{}: {layer} may not import {foreign}: {line}",
                            name(&file)
                        ));
                    }
                }
            }
        }
    }
    report(breaches);
}

/// Things that only some files may do, because they are the only writers of it.
#[test]
fn what_is_done_in_one_place_is_done_nowhere_else() {
    let rules: &[(&str, &[&str], &str)] = &[
        (
            "set_scroll_top",
            &["src/ui/timeline/"],
            "one writer of scrollTop",
        ),
        ("inner_html", &[], "text from outside never becomes markup"),
        (
            "insert_adjacent_html",
            &[],
            "text from outside never becomes markup",
        ),
        ("outer_html", &[], "text from outside never becomes markup"),
        ("SystemTime::now", &["src/platform/"], "the clock is a port"),
        ("Instant::now", &["src/platform/"], "the clock is a port"),
        (
            "Date::now",
            &["src/platform/", "src/ui/"],
            "the clock is a port",
        ),
        (
            "thread_local!",
            &["src/platform/", "src/ui/"],
            "no statics: many accounts from the first day",
        ),
        ("static mut", &[], "no statics"),
    ];
    let mut breaches = Vec::new();
    for file in files(&root().join("src"), "rs") {
        let file_name = name(&file);
        let text = fs::read_to_string(&file).unwrap();
        for line in code_lines(&text) {
            for (what, places, why) in rules {
                if line.contains(what) && !places.iter().any(|place| file_name.starts_with(place)) {
                    breaches.push(format!("{file_name}: {what}: {why}"));
                }
            }
        }
    }
    report(breaches);
}

#[test]
fn the_first_line_of_a_file_says_what_it_is_for() {
    let mut breaches = Vec::new();
    for dir in ["src", "tests", "xtask/src"] {
        for file in files(&root().join(dir), "rs") {
            let text = fs::read_to_string(&file).unwrap();
            let first = text.lines().next().unwrap_or_default();
            if !first.starts_with("//! ") || first.len() < 12 {
                breaches.push(format!("{}: its first line is {first:?}", name(&file)));
            }
        }
    }
    report(breaches);
}

#[test]
fn no_file_is_longer_than_600_lines_without_its_tests() {
    let mut breaches = Vec::new();
    for dir in ["src", "xtask/src"] {
        for file in files(&root().join(dir), "rs") {
            let lines = without_tests(&fs::read_to_string(&file).unwrap())
                .lines()
                .count();
            if lines > 600 {
                breaches.push(format!(
                    "{}: {lines} lines: split it by meaning",
                    name(&file)
                ));
            }
        }
    }
    for file in files(&root().join("style"), "css") {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        if lines > 600 {
            breaches.push(format!(
                "{}: {lines} lines: split it by meaning",
                name(&file)
            ));
        }
    }
    report(breaches);
}

#[test]
fn nothing_is_left_unfinished_or_ignored() {
    let mut breaches = Vec::new();
    for dir in ["src", "tests", "xtask/src", "style", "public"] {
        for ending in ["rs", "css", "js"] {
            for file in files(&root().join(dir), ending) {
                if file.ends_with("tests/architecture.rs") {
                    continue;
                }
                let text = fs::read_to_string(&file).unwrap();
                for (number, line) in text.lines().enumerate() {
                    for mark in ["TODO", "FIXME", "XXX", "HACK", "#[ignore"] {
                        if line.contains(mark) {
                            breaches.push(format!("{}:{}: {mark}", name(&file), number + 1));
                        }
                    }
                }
            }
        }
    }
    report(breaches);
}

#[test]
fn the_module_list_of_the_crate_is_in_reading_order() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let order: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .filter(|module| LAYERS.iter().any(|(layer, ..)| layer == module))
        .collect();
    let expected: Vec<&str> = LAYERS
        .iter()
        .map(|(layer, ..)| *layer)
        .filter(|layer| order.contains(layer))
        .collect();
    assert_eq!(order, expected);
}

/// Literal colours and lengths stand only in the tokens and themes; everything else names a token.
#[test]
fn style_uses_tokens() {
    let mut breaches = Vec::new();
    for file in files(&root().join("style"), "css") {
        let file_name = name(&file);
        if file_name.starts_with("style/token/") || file_name.starts_with("style/theme/") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let mut comment = false;
        for (number, line) in text.lines().enumerate() {
            let mut line = line.to_string();
            if comment {
                let Some(end) = line.find("*/") else { continue };
                line.replace_range(..end + 2, "");
                comment = false;
            }
            while let Some(start) = line.find("/*") {
                match line[start..].find("*/") {
                    Some(end) => line.replace_range(start..start + end + 2, ""),
                    None => {
                        line.truncate(start);
                        comment = true;
                    }
                }
            }
            let trimmed = line.trim();
            // Media and container queries cannot read custom properties.
            if trimmed.starts_with("@media") || trimmed.starts_with("@container") {
                continue;
            }
            let Some((_, value)) = trimmed.split_once(':') else {
                continue;
            };
            let literal_colour = value.contains('#')
                && value
                    .split('#')
                    .skip(1)
                    .any(|rest| rest.chars().take_while(char::is_ascii_hexdigit).count() >= 3)
                || ["rgb(", "rgba(", "hsl(", "oklch("]
                    .iter()
                    .any(|f| value.contains(f));
            if literal_colour {
                breaches.push(format!(
                    "{file_name}:{}: a literal colour: {trimmed}",
                    number + 1
                ));
            }
            for unit in ["px", "rem"] {
                if has_length(value, unit) {
                    breaches.push(format!(
                        "{file_name}:{}: a literal length: {trimmed}",
                        number + 1
                    ));
                }
            }
        }
    }
    report(breaches);
}

/// A number other than 0, 1 or -1 directly before the unit (hairlines are nobody's token).
fn has_length(value: &str, unit: &str) -> bool {
    value.match_indices(unit).any(|(at, _)| {
        let before: String = value[..at]
            .chars()
            .rev()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect::<String>()
            .chars()
            .rev()
            .collect();
        let after = value[at + unit.len()..].chars().next();
        !before.is_empty()
            && !["0", "1"].contains(&before.as_str())
            && !after.is_some_and(char::is_alphanumeric)
    })
}

/// The fixtures are numbered by their XEP, and every one is used by the name of its folder.
#[test]
fn every_folder_of_fixtures_belongs_to_a_document() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for file in files(&root().join("tests/stanzas"), "xml") {
        let folder = file
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .to_string();
        *seen.entry(folder).or_default() += 1;
    }
    for folder in seen.keys() {
        let ok =
            folder.starts_with("rfc") || folder.parse::<u32>().is_ok() || folder.starts_with("xep");
        assert!(ok, "tests/stanzas/{folder}: name it by its RFC or XEP");
    }
}
