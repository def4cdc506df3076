//! `index.html`: nothing inline, the bundle of styles in its place.

use super::hash;
use crate::error::Result;

/// Where the page asks for its styles, before they have a name with a hash.
const STYLE: &str = "href=\"style/main.css\"";

/// Rewrites the page that Trunk made, and gives the files that it now needs to `write`.
///
/// # Errors
/// Says what the page lacks.
pub fn rewrite(
    html: &str,
    css: &str,
    mut write: impl FnMut(&str, &str) -> Result<()>,
) -> std::result::Result<String, String> {
    if !html.contains(STYLE) {
        return Err(format!("has no link with {STYLE}"));
    }
    let style = format!("main-{}.css", hash(css.as_bytes(), 16));
    write(&style, css).map_err(|error| error.to_string())?;
    let mut rest = html.replace(STYLE, &format!("href=\"./{style}\""));
    let mut page = String::new();
    let mut moved = 0;
    while let Some((before, after)) = rest.split_once("<script") {
        let Some((attributes, after)) = after.split_once('>') else {
            return Err("has a script tag without an end".into());
        };
        let Some((text, after)) = after.split_once("</script>") else {
            return Err("has a script without an end".into());
        };
        page.push_str(before);
        // Trunk's own script for `trunk serve` stays: there is no policy there.
        if attributes.contains("src=") || !attributes.contains("module") {
            page.push_str(&format!("<script{attributes}>{text}</script>"));
        } else {
            let name = format!("start-{}.js", hash(text.as_bytes(), 16));
            write(&name, text.trim_start()).map_err(|error| error.to_string())?;
            page.push_str(&format!(
                "<script type=\"module\" src=\"./{name}\"></script>"
            ));
            moved += 1;
        }
        rest = after.to_owned();
    }
    page.push_str(&rest);
    if moved == 0 {
        return Err("has no script that starts the page".into());
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_become_files() {
        let html = "<head><link rel=\"stylesheet\" href=\"style/main.css\"></head>\
                    <body><script type=\"module\">\nimport init from './app.js';\n</script><p>x</p></body>";
        let mut files = Vec::new();
        let page = rewrite(html, "a{}", |name, text| {
            files.push((name.to_owned(), text.to_owned()));
            Ok(())
        })
        .unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), 2);
        assert_eq!(files[0].1, "a{}");
        assert_eq!(files[1].1, "import init from './app.js';\n");
        let expected = format!(
            "<head><link rel=\"stylesheet\" href=\"./{}\"></head>\
             <body><script type=\"module\" src=\"./{}\"></script><p>x</p></body>",
            names[0], names[1]
        );
        assert_eq!(page, expected);
    }

    #[test]
    fn a_page_that_cannot_start_is_refused() {
        assert!(rewrite("<p>", "", |_, _| Ok(())).is_err());
        assert!(rewrite("<link href=\"style/main.css\">", "", |_, _| Ok(())).is_err());
    }
}
