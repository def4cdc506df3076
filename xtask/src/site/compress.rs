//! `.br` and `.gz` beside each file that gains by it.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result, write};

/// Whether a file's kind is text or code.
#[must_use]
pub fn is_worth_it(file: &Path) -> bool {
    let kinds = [
        "css",
        "html",
        "ico",
        "js",
        "json",
        "map",
        "svg",
        "txt",
        "wasm",
        "webmanifest",
        "xml",
    ];
    file.extension()
        .is_some_and(|extension| kinds.iter().any(|kind| extension == *kind))
}

/// Writes both, and returns the size of the smaller, brotli.
///
/// # Errors
/// When a file cannot be read or written.
pub fn beside(file: &Path) -> Result<usize> {
    let bytes = std::fs::read(file).context(|| format!("read {}", file.display()))?;
    let small = brotli(&bytes).context(|| format!("compress {}", file.display()))?;
    write(&append(file, "br"), &small)?;
    let gzipped = gzip(&bytes).context(|| format!("compress {}", file.display()))?;
    write(&append(file, "gz"), gzipped)?;
    Ok(small.len())
}

fn brotli(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    {
        let mut writer = brotli::CompressorWriter::new(&mut out, 1 << 16, 11, 24);
        writer.write_all(bytes)?;
        writer.flush()?;
    }
    Ok(out)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes)?;
    writer.finish()
}

fn append(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_compressed_comes_back() {
        let text = "wherefore art thou ".repeat(5000);
        let small = brotli(text.as_bytes()).unwrap();
        assert!(small.len() < 200);
        let mut back = String::new();
        ::brotli::Decompressor::new(small.as_slice(), 4096)
            .read_to_string(&mut back)
            .unwrap();
        assert_eq!(back, text);
        let mut back = String::new();
        let gzipped = gzip(text.as_bytes()).unwrap();
        flate2::read::GzDecoder::new(gzipped.as_slice())
            .read_to_string(&mut back)
            .unwrap();
        assert_eq!(back, text);
    }
}
