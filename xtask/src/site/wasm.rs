//! wasm without what nothing reads at run time.
//!
//! Not run through `wasm-opt`: what it saves before compression, rustc's own passes have left to save, and after brotli
//! the engine is larger with it than without (binaryen 108: 412 KB for 402 KB).

use std::path::Path;

use crate::error::{Context, Error, Result};

/// Removes the custom sections of one file: names and producers.
///
/// # Errors
/// When the file is not wasm.
pub fn strip_names(file: &Path) -> Result<()> {
    let bytes = std::fs::read(file).context(|| format!("read {}", file.display()))?;
    let stripped = strip(&bytes).ok_or_else(|| Error::Site {
        path: file.to_owned(),
        what: "is not a wasm module".into(),
    })?;
    std::fs::write(file, stripped).context(|| format!("write {}", file.display()))
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
}
