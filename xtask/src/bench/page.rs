//! A page that is measured: `probe.js` inside it, and its clock beside that of everybody else.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::browser::{Browser, Driver};
use crate::error::{Error, Result};

/// What notes things inside the page.
const PROBE: &str = include_str!("probe.js");

/// How long something may take that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page, its own profile, and the probe in each document.
pub struct Page {
    pub browser: Browser,
}

impl Page {
    /// A browser that has shown nothing yet.
    pub fn new(driver: &Driver) -> Self {
        // A renderer kept ready for the next page would count as this one's memory.
        let browser = driver.browser_with(
            "en-US",
            &["--disable-features=SpareRendererForSitePerProcess"],
        );
        browser.resize(1440, 900);
        browser.call("POST", "/timeouts", json!({"script": 25_000}));
        browser.devtools("Performance.enable", json!({}));
        browser.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": PROBE}),
        );
        Self { browser }
    }

    /// Runs an async function of the probe and awaits it.
    ///
    /// # Errors
    /// When it fails, or is not done in 25 seconds.
    pub fn ask(&self, function: &str, given: Value) -> Result<Value> {
        self.eval(&format!("return await bench.{function}(...args)"), given)
    }

    /// Begins an async function of the probe, for [`Self::end`].
    pub fn begin(&self, function: &str, given: &str) {
        self.browser
            .run("bench.begin(...arguments)", json!([function, given]));
    }

    /// Awaits what was begun.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn end(&self, function: &str) -> Result<Value> {
        self.eval(&format!("return await bench.begun.{function}"), json!([]))
    }

    /// Runs the body of an async function.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn eval(&self, script: &str, given: Value) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async (...args) => {{ {script} }})(...[...arguments].slice(0, -1))
               .then(value => done({{value}}), error => done({{error: String(error)}}));"
        );
        let refused = |answer: String| Error::Refused {
            what: "something asked of the page".into(),
            answer,
        };
        let mut answer = self
            .browser
            .try_call(
                "POST",
                "/execute/async",
                json!({"script": script, "args": given}),
            )
            .map_err(&refused)?;
        match answer.get("error") {
            Some(error) => Err(refused(error.to_string())),
            None => Ok(answer.get_mut("value").map(Value::take).unwrap_or_default()),
        }
    }

    /// A moment of this machine in the page's milliseconds.
    ///
    /// # Errors
    /// When the browser does not tell when its navigation began.
    pub fn millis(&self, moment: Instant) -> Result<f64> {
        // Chromium counts by the same clock: its metrics are seconds of CLOCK_MONOTONIC.
        let start = self.metric("NavigationStart")? * 1000.0;
        let now = clock_gettime(ClockId::Monotonic);
        let now = now.tv_sec as f64 * 1000.0 + now.tv_nsec as f64 / 1e6;
        Ok(now - moment.elapsed().as_secs_f64() * 1000.0 - start)
    }

    /// One of the browser's own figures about the page.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn metric(&self, name: &str) -> Result<f64> {
        let all = self.browser.devtools("Performance.getMetrics", json!({}));
        let metrics = all.get("metrics").and_then(Value::as_array);
        metrics
            .into_iter()
            .flatten()
            .find(|metric| metric.get("name").is_some_and(|found| found == name))
            .map_or_else(
                || Err(missing(name, &all)),
                |metric| figure(metric, "value"),
            )
    }

    /// Collects what nobody uses any more.
    pub fn collect(&self) {
        for _twice in 0..2 {
            self.browser
                .devtools("HeapProfiler.collectGarbage", json!({}));
        }
    }

    /// Types text into whatever has the focus, all at once.
    pub fn insert(&self, text: &str) {
        self.browser
            .devtools("Input.insertText", json!({"text": text}));
    }

    /// Presses a key and lets it go. `text` is what it types: `\r` for Enter.
    pub fn press(&self, key: &str, text: &str) {
        let code = match key {
            "Enter" => 13,
            _ => key.to_uppercase().bytes().next().map_or(0, u32::from),
        };
        let event = |kind: &str, text: &str| {
            let mut event = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code});
            if let (false, Some(fields)) = (text.is_empty(), event.as_object_mut()) {
                fields.insert("text".into(), json!(text));
            }
            self.browser.devtools("Input.dispatchKeyEvent", event);
        };
        event("keyDown", text);
        event("keyUp", "");
    }
}

/// A number of an answer.
///
/// # Errors
/// When it is not there.
pub fn figure(answer: &Value, key: &str) -> Result<f64> {
    answer
        .get(key)
        .and_then(Value::as_f64)
        .ok_or_else(|| missing(key, answer))
}

/// From the answer's start until it was painted.
///
/// # Errors
/// When one of the two is not there.
pub fn took(answer: &Value) -> Result<f64> {
    Ok(figure(answer, "painted")? - figure(answer, "start")?)
}

fn missing(key: &str, answer: &Value) -> Error {
    Error::Refused {
        what: format!("the page's figure {key:?}"),
        answer: answer.to_string(),
    }
}
