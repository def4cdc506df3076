//! `style/main.css` and all that it imports, in one minified file.

use std::path::Path;

use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions};

use crate::error::{Error, Result};

/// Bundles and minifies.
///
/// # Errors
/// When a file is missing or is not CSS; the error names the file and the line.
pub fn bundle(entry: &Path) -> Result<String> {
    let wrong = |what: String| Error::Site {
        path: entry.to_owned(),
        what,
    };
    let provider = FileProvider::new();
    let mut bundler = Bundler::new(&provider, None, ParserOptions::default());
    let mut sheet = bundler
        .bundle(entry)
        .map_err(|error| wrong(error.to_string()))?;
    sheet
        .minify(MinifyOptions::default())
        .map_err(|error| wrong(error.to_string()))?;
    let options = PrinterOptions {
        minify: true,
        ..PrinterOptions::default()
    };
    let css = sheet
        .to_css(options)
        .map_err(|error| wrong(error.to_string()))?;
    Ok(css.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error, paths};

    #[test]
    fn imports_are_bundled_in_their_layers() {
        let dir = paths::fresh("style-test");
        error::write(
            &dir.join("main.css"),
            "@layer base, part;\n@import './part.css' layer(part);\n",
        )
        .unwrap();
        error::write(&dir.join("part.css"), ".a { & .b { color: red; } }\n").unwrap();
        let css = bundle(&dir.join("main.css")).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!(css, "@layer base;@layer part{.a{& .b{color:red}}}");
    }

    #[test]
    fn a_missing_import_is_told_with_its_place() {
        let dir = paths::fresh("style-test");
        error::write(&dir.join("main.css"), "@import './gone.css';\n").unwrap();
        let error = bundle(&dir.join("main.css")).unwrap_err();
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(error.to_string().contains("main.css:0:1"), "{error}");
    }
}
