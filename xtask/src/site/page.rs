//! `index.html`: nothing inline, the bundle of styles in its place.

use super::hash;
use crate::error::Result;

/// Where the page asks for its styles, before they have a name with a hash.
const STYLE: &str = "href=\"style/main.css\"";
/// Where the page asks for what paints first, likewise.
const FIRST_PAINT: &str = "<script async fetchpriority=\"high\" src=\"first-paint.js\"></script>";

/// Rewrites the page that Trunk made, and gives the files that it now needs to `write`.
///
/// What starts the program (Trunk's script, now a file, and its links that load ahead) goes into the template `program`:
/// the script that paints first begins with it when it has painted.
///
/// # Errors
/// Says what the page lacks.
pub fn rewrite(
    html: &str,
    css: &str,
    first_paint: &str,
    mut write: impl FnMut(&str, &str) -> Result<()>,
) -> std::result::Result<String, String> {
    let mut file = |name: &str, end: &str, text: &str| {
        let name = format!("{name}-{}.{end}", hash(text.as_bytes(), 16));
        write(&name, text).map_err(|error| error.to_string())?;
        Ok::<String, String>(name)
    };
    for needed in [STYLE, FIRST_PAINT] {
        if !html.contains(needed) {
            return Err(format!("does not contain {needed}"));
        }
    }
    let style = file("main", "css", css)?;
    let mut rest = html.replace(STYLE, &format!("href=\"./{style}\""));
    let mut program = String::new();
    let mut page = String::new();
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
            let name = file("start", "js", text.trim_start())?;
            program.push_str(&format!(
                "<script type=\"module\" src=\"./{name}\"></script>"
            ));
        }
        rest = after.to_owned();
    }
    page.push_str(&rest);
    if program.is_empty() {
        return Err("has no script that starts the page".into());
    }
    for start in [
        "<link rel=\"modulepreload\"",
        "<link rel=\"preload\" href=\"./",
    ] {
        while let Some((before, (link, after))) = page
            .split_once(start)
            .and_then(|(before, rest)| Some((before, rest.split_once('>')?)))
        {
            program.push_str(&format!("{start}{link}>"));
            page = format!("{before}{after}");
        }
    }
    let name = file("first-paint", "js", first_paint)?;
    Ok(page.replace(
        FIRST_PAINT,
        &format!("<template id=\"program\">{program}</template><script async fetchpriority=\"high\" src=\"./{name}\"></script>"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_the_program_waits_in_a_template_and_nothing_is_inline() {
        let html = "<head><link rel=\"stylesheet\" href=\"style/main.css\">\
                    <script async fetchpriority=\"high\" src=\"first-paint.js\"></script>\
                    <script type=\"module\">\nimport init from './app.js';\n</script>\
                    <link rel=\"preload\" href=\"config.json\">\
                    <link rel=\"modulepreload\" href=\"./app.js\"><link rel=\"preload\" href=\"./app.wasm\"></head>\
                    <body><p>x</p></body>";
        let mut files = Vec::new();
        let page = rewrite(html, "a{}", "paint()", |name, text| {
            files.push((name.to_owned(), text.to_owned()));
            Ok(())
        })
        .unwrap();
        let texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["a{}", "import init from './app.js';\n", "paint()"]);
        let expected = format!(
            "<head><link rel=\"stylesheet\" href=\"./{}\">\
             <template id=\"program\"><script type=\"module\" src=\"./{}\"></script>\
             <link rel=\"modulepreload\" href=\"./app.js\"><link rel=\"preload\" href=\"./app.wasm\"></template>\
             <script async fetchpriority=\"high\" src=\"./{}\"></script><link rel=\"preload\" href=\"config.json\"></head>\
             <body><p>x</p></body>",
            files[0].0, files[1].0, files[2].0
        );
        assert_eq!(page, expected);
    }

    #[test]
    fn a_page_that_cannot_start_is_refused() {
        let style = "<link href=\"style/main.css\">";
        for html in ["<p>", style, &format!("{style}{FIRST_PAINT}")] {
            assert!(rewrite(html, "", "", |_, _| Ok(())).is_err());
        }
    }
}
