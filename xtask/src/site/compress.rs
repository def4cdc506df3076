//! `.br` and `.gz` beside each file that gains by it.

use std::io::Write;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::error::{Context, Result, write};

/// Whether a file's kind is text or code, and nobody edits it where it is hosted: a `config.json.br` would hide the edited
/// `config.json` on a host that prefers what is compressed.
fn is_worth_it(file: &Path) -> bool {
    if file.file_name().is_some_and(|name| name == "config.json") {
        return false;
    }
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

/// Compresses every file that is worth it, on all cores. Returns their size in brotli.
///
/// # Errors
/// When a file cannot be read or written.
pub fn all(files: &[PathBuf]) -> Result<usize> {
    let queue = Mutex::new(files.iter().filter(|file| is_worth_it(file)));
    let next = || queue.lock().ok().and_then(|mut files| files.next());
    let work = || {
        let mut total = 0;
        while let Some(file) = next() {
            total += beside(file)?;
        }
        Ok(total)
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_fold(0, |total, thread| match thread.join() {
                Ok(part) => part.map(|part: usize| total + part),
                Err(panic) => std::panic::resume_unwind(panic),
            })
    })
}

/// Writes both, and returns the size of the smaller, brotli.
fn beside(file: &Path) -> Result<usize> {
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
    fn what_a_host_edits_is_not_compressed() {
        let dir = crate::paths::fresh("compress-test");
        let files = ["config.json", "index.html"].map(|name| dir.join(name));
        for file in &files {
            write(file, "{}").unwrap();
        }
        all(&files).unwrap();
        let there = |name: &str| dir.join(name).exists();
        assert!(there("index.html.br") && there("index.html.gz"));
        assert!(!there("config.json.br") && !there("config.json.gz"));
        std::fs::remove_dir_all(&dir).unwrap();
    }

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
