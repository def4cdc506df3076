//! wasm made small: `wasm-opt` where there is one, and no debugging names.

use std::path::Path;
use std::process::Command;

use super::Optimise;
use crate::error::{Context, Error, Result};
use crate::{install, tool};

/// What rustc and wasm-bindgen emit, and an older wasm-opt must be told.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Optimises and strips one file.
///
/// # Errors
/// When `wasm-opt` fails or the file is not wasm.
pub fn shrink(file: &Path, optimise: Optimise) -> Result<()> {
    let level = match optimise {
        Optimise::Size => Some("-Oz"),
        Optimise::Speed => Some("-O3"),
        Optimise::Off => None,
    };
    if let (Some(level), Some(program)) = (level, install::find("wasm-opt")) {
        optimised(file, level, &program)?;
    }
    let bytes = std::fs::read(file).context(|| format!("read {}", file.display()))?;
    let stripped = strip(&bytes).ok_or_else(|| Error::Site {
        path: file.to_owned(),
        what: "is not a wasm module".into(),
    })?;
    std::fs::write(file, stripped).context(|| format!("write {}", file.display()))
}

/// Replaces the file by what `wasm-opt` makes of it, if that is still the same module.
///
/// binaryen 108 lets the export of wasm-bindgen's table of JavaScript values point to the table of functions.
fn optimised(file: &Path, level: &str, program: &Path) -> Result<()> {
    let out = file.with_extension("opt");
    let mut command = Command::new(program);
    command
        .arg(level)
        .args(FEATURES)
        .arg(file)
        .arg("-o")
        .arg(&out);
    tool::quiet(&mut command)?;
    let what = |path: &Path| std::fs::read(path).context(|| format!("read {}", path.display()));
    if exported_tables(&what(file)?) == exported_tables(&what(&out)?) {
        std::fs::rename(&out, file).context(|| format!("replace {}", file.display()))
    } else {
        let version = tool::quiet(Command::new(program).arg("--version"))?;
        tool::say(format!(
            "not using {}: it spoils exported tables",
            version.trim()
        ));
        std::fs::remove_file(&out).context(|| format!("remove {}", out.display()))
    }
}

/// The element types of the tables that a module exports, in order; none if it is not a module.
fn exported_tables(module: &[u8]) -> Option<Vec<u8>> {
    let mut types = Vec::new();
    let mut exported = Vec::new();
    for (id, body) in sections(module)? {
        match id {
            // Imported tables would come first; wasm-bindgen imports none.
            4 => {
                let (count, mut rest) = leb128(body)?;
                for _ in 0..count {
                    let (kind, after) = rest.split_first()?;
                    let (limits, after) = after.split_first()?;
                    let (_, after) = leb128(after)?;
                    rest = if limits & 1 == 0 {
                        after
                    } else {
                        leb128(after)?.1
                    };
                    types.push(*kind);
                }
            }
            7 => {
                let (count, mut rest) = leb128(body)?;
                for _ in 0..count {
                    let (length, after) = leb128(rest)?;
                    let (_, after) = after.split_at_checked(length)?;
                    let (kind, after) = after.split_first()?;
                    let (index, after) = leb128(after)?;
                    if *kind == 1 {
                        exported.push(*types.get(index)?);
                    }
                    rest = after;
                }
            }
            _ => {}
        }
    }
    exported.sort_unstable();
    Some(exported)
}

/// The module without its custom sections: names and producers, which nothing reads at run time.
fn strip(module: &[u8]) -> Option<Vec<u8>> {
    let mut out = module.get(..8)?.to_vec();
    for (id, body) in sections(module)? {
        if id != 0 {
            out.push(id);
            write_leb128(body.len(), &mut out);
            out.extend_from_slice(body);
        }
    }
    Some(out)
}

/// The sections of a module: the number of their kind, and their contents.
fn sections(module: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    let mut sections = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = leb128(after)?;
        let (body, next) = after.split_at_checked(size)?;
        sections.push((*id, body));
        rest = next;
    }
    Some(sections)
}

fn write_leb128(mut value: usize, out: &mut Vec<u8>) {
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// An unsigned number as WebAssembly writes it (core specification §5.2.2), and what follows.
fn leb128(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        bytes = rest;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_sections_are_removed_and_the_others_kept() {
        let module = b"\0asm\x01\0\0\0\x01\x02ab\x00\x06\x04nameX";
        let module = [module.as_slice(), b"\x0a\x81\x00z"].concat();
        assert_eq!(
            strip(&module).unwrap(),
            b"\0asm\x01\0\0\0\x01\x02ab\x0a\x01z"
        );
        assert_eq!(strip(b"\0asm\x01\0\0\0\x01\x09ab"), None);
        assert_eq!(strip(b"<html>"), None);
    }

    #[test]
    fn the_type_of_an_exported_table_is_found() {
        // Tables: functions without a limit, values with one. Exports: a function, and the table of values.
        let module = |index: u8| {
            let mut module =
                b"\0asm\x01\0\0\0\x04\x09\x02\x70\x00\x05\x6f\x01\x80\x01\x7f".to_vec();
            module.extend([7, 9, 2, 1, b'f', 0, 3, 1, b't', 1, index]);
            module
        };
        assert_eq!(exported_tables(&module(1)), Some(vec![0x6f]));
        assert_eq!(exported_tables(&module(0)), Some(vec![0x70]));
        assert_eq!(exported_tables(&module(2)), None);
    }
}
