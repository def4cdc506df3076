//! A browser driven by WebDriver (W3C), over plain blocking HTTP.
//!
//! Our own because most of what we ask for is an extension (DevTools commands, the browser's log), for which
//! the client libraries have no calls either, and because a blocking test reads like what a person does.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A running driver. Dropping it ends it and its browsers.
pub struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    pub fn start() -> Self {
        let port = crate::net::free_port().unwrap();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed");
        let driver = Self { process, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while crate::net::request(port, "GET", "/status", &[], b"").is_err() {
            assert!(Instant::now() < deadline, "chromedriver does not answer");
            std::thread::yield_now();
        }
        driver
    }

    /// Its process: the browsers are below it.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Opens a browser of its own: its own profile, its own storage.
    pub fn browser(&self, language: &str) -> Browser {
        self.browser_with(language, &[])
    }

    /// The same, with more arguments for Chromium.
    pub fn browser_with(&self, language: &str, more: &[&str]) -> Browser {
        self.browser_on(crate::paths::fresh("browser"), language, more)
    }

    /// The same with a profile that there is already: see [`Browser::kill`].
    pub fn browser_on(&self, profile: PathBuf, language: &str, more: &[&str]) -> Browser {
        let mut arguments = vec![
            "--headless=new".to_string(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-quic".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            "--disable-dev-shm-usage".into(),
            // Roles and names as the accessibility tree has them, for `page::FIND`.
            "--enable-blink-features=ComputedAccessibilityInfo".into(),
            format!("--lang={language}"),
            format!("--user-data-dir={}", profile.display()),
        ];
        arguments.extend(more.iter().map(ToString::to_string));
        let answer = self.call(
            "POST",
            "/session",
            json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {"args": arguments, "prefs": {"intl.accept_languages": language}},
            }}}),
        );
        let session = answer["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {answer}"));
        let process = answer["capabilities"]["goog:processID"].as_u64();
        Browser {
            port: self.port,
            session: session.to_string(),
            profile,
            process: process
                .and_then(|id| u32::try_from(id).ok())
                .expect("the driver knows its browser"),
        }
    }

    fn call(&self, method: &str, path: &str, body: Value) -> Value {
        call(self.port, method, path, &body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn call(port: u16, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let body = if method == "GET" {
        String::new()
    } else {
        body.to_string()
    };
    let answer = crate::net::request(
        port,
        method,
        path,
        &["Content-Type: application/json"],
        body.as_bytes(),
    )
    .map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_str(&answer.text()).map_err(|e| e.to_string())?;
    if answer.status == 200 {
        Ok(value["value"].clone())
    } else {
        Err(value["value"].to_string())
    }
}

/// One browser. Dropping it closes it, and removes its profile.
pub struct Browser {
    port: u16,
    session: String,
    profile: PathBuf,
    process: u32,
}

impl Browser {
    pub fn try_call(&self, method: &str, path: &str, body: Value) -> Result<Value, String> {
        call(
            self.port,
            method,
            &format!("/session/{}{path}", self.session),
            &body,
        )
    }

    pub fn call(&self, method: &str, path: &str, body: Value) -> Value {
        self.try_call(method, path, body)
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn go(&self, url: &str) {
        self.call("POST", "/url", json!({"url": url}));
    }

    pub fn reload(&self) {
        self.call("POST", "/refresh", json!({}));
    }

    pub fn resize(&self, width: u32, height: u32) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        );
    }

    /// Runs the body of a function in the page.
    pub fn run(&self, script: &str, arguments: Value) -> Value {
        self.call(
            "POST",
            "/execute/sync",
            json!({"script": script, "args": arguments}),
        )
    }

    /// Runs the body of an async function in the page and awaits it.
    pub fn run_async(&self, script: &str, arguments: Value) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async (...args) => {{ {script} }})(...[...arguments].slice(0, -1))
               .then(value => done({{value}}), error => done({{error: String(error)}}));"
        );
        let answer = self.call(
            "POST",
            "/execute/async",
            json!({"script": script, "args": arguments}),
        );
        assert!(answer["error"].is_null(), "{}", answer["error"]);
        answer["value"].clone()
    }

    /// A DevTools command.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.call(
            "POST",
            "/goog/cdp/execute",
            json!({"cmd": command, "params": parameters}),
        )
    }

    /// Runs a script in this tab before anything else in each document that it opens from now on.
    pub fn before_documents(&self, script: &str) {
        self.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": script}),
        );
    }

    /// Ends the whole browser at once, as if the power failed for it alone, and gives back its profile.
    pub fn kill(mut self) -> PathBuf {
        let profile = std::mem::take(&mut self.profile);
        let of_profile = format!("--user-data-dir={}", profile.display());
        let is_ours = |pid: &u32| {
            let said = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let mut arguments = said.split(|byte| *byte == 0);
            arguments.any(|argument| argument == of_profile.as_bytes())
        };
        let running = || -> Vec<u32> {
            let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            names.filter(is_ours).collect()
        };
        assert!(!running().is_empty(), "no browser runs on {of_profile}");
        super::wait_for("the browser's end", || {
            let left = running();
            for pid in &left {
                if let Some(pid) = rustix::process::Pid::from_raw((*pid).cast_signed()) {
                    // It may have ended since.
                    let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                }
            }
            left.is_empty().then_some(())
        });
        profile
    }

    /// Ends the workers of a kind (`shared_worker`, `worker`) as a crash would, and says how many it ended.
    pub fn kill_workers(&self, kind: &str) -> usize {
        let workers = self.workers(kind);
        // One whose last page went may be ending by itself.
        let close = |target: &&String| {
            let close = json!({"cmd": "Target.closeTarget", "params": {"targetId": target}});
            self.try_call("POST", "/goog/cdp/execute", close).is_ok()
        };
        workers.iter().filter(close).count()
    }

    /// The ids of the workers of a kind.
    pub fn workers(&self, kind: &str) -> Vec<String> {
        let targets = self.devtools("Target.getTargets", json!({}));
        let targets = targets["targetInfos"].as_array();
        let of_kind = targets
            .into_iter()
            .flatten()
            .filter(|target| target["type"] == kind);
        of_kind
            .filter_map(|target| Some(target["targetId"].as_str()?.to_owned()))
            .collect()
    }

    /// Runs a script in the workers of a kind, and waits until each has done so; says how many there were.
    pub fn run_in_workers(&self, kind: &str, script: &str) -> usize {
        let of_kind = self.workers(kind);
        // The answers of other targets do not reach us: the script tells the page itself.
        self.run(
            "window.workersDone = 0;
             window.workersChannel?.close();
             window.workersChannel = new BroadcastChannel('run-in-workers');
             window.workersChannel.onmessage = () => { window.workersDone += 1; };",
            json!([]),
        );
        let script =
            format!("{script}; new BroadcastChannel('run-in-workers').postMessage('done');");
        let message = json!({
            "id": 1,
            "method": "Runtime.evaluate",
            "params": {"expression": script},
        });
        for target in &of_kind {
            let attach = json!({"targetId": target, "flatten": false});
            let session = &self.devtools("Target.attachToTarget", attach)["sessionId"];
            let say = json!({"sessionId": session, "message": message.to_string()});
            self.devtools("Target.sendMessageToTarget", say);
        }
        super::wait_for("the workers to run a script", || {
            let done = self.run("return window.workersDone", json!([]));
            (done == of_kind.len()).then_some(())
        });
        of_kind.len()
    }

    /// The processes of its pages and workers, as they are now.
    pub fn renderers(&self) -> Vec<u32> {
        let below = crate::process::below(self.process);
        let renderers = below
            .into_iter()
            .filter(|(_, line)| line.contains("--type=renderer"));
        renderers.map(|(pid, _)| pid).collect()
    }

    /// Ends some of them, as the system does that is out of memory (SIGKILL), and says how many there were. A tab that is left can
    /// open others; those that are dead can only be closed.
    pub fn kill_renderers(&self, renderers: &[u32]) -> usize {
        let mut killed = 0;
        for pid in renderers {
            let process = i32::try_from(*pid).ok().and_then(Pid::from_raw);
            if let Some(process) = process {
                killed += usize::from(kill_process(process, Signal::KILL).is_ok());
            }
        }
        killed
    }

    /// Lets the site do something that the browser asks for, e.g. `notifications`; or forbids it.
    pub fn permit(&self, permission: &str, setting: &str) {
        self.devtools(
            "Browser.setPermission",
            json!({"permission": {"name": permission}, "setting": setting}),
        );
    }

    /// Opens another tab, or a tab of another address, and goes to it.
    pub fn new_tab(&self, url: &str) -> String {
        let tab = self.call("POST", "/window/new", json!({"type": "tab"}));
        let handle = tab["handle"].as_str().unwrap().to_string();
        self.switch_to(&handle);
        self.go(url);
        handle
    }

    pub fn tab(&self) -> String {
        self.call("GET", "/window", json!(null))
            .as_str()
            .unwrap()
            .to_string()
    }

    pub fn switch_to(&self, handle: &str) {
        self.call("POST", "/window", json!({"handle": handle}));
    }

    /// Puts the window out of sight, as a person does who turns to something else.
    pub fn minimize(&self) {
        self.call("POST", "/window/minimize", json!({}));
        self.until_hidden(true);
    }

    /// Brings the window back.
    pub fn restore(&self) {
        self.call("POST", "/window/rect", json!({"x": 0, "y": 0}));
        self.until_hidden(false);
    }

    fn until_hidden(&self, hidden: bool) {
        super::wait_for("the page to know whether it is seen", || {
            (self.run("return document.hidden", json!([])) == hidden).then_some(())
        });
    }

    pub fn close_tab(&self) {
        self.call("DELETE", "/window", json!({}));
    }

    /// Types keys into whatever has the focus: `\u{E007}` is Enter, `\u{E008}` Shift, `\u{E00C}` Escape.
    pub fn keys(&self, keys: &str) {
        self.try_keys(keys)
            .unwrap_or_else(|error| panic!("type {keys:?}: {error}"));
    }

    /// The same, unless the page dies meanwhile.
    pub fn try_keys(&self, keys: &str) -> Result<(), String> {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [
                    json!({"type": "keyDown", "value": key}),
                    json!({"type": "keyUp", "value": key}),
                ]
            })
            .collect();
        self.actions(actions)
    }

    /// Presses a key while others are held.
    pub fn chord(&self, held: &[char], key: char) {
        let down = |key: &char| json!({"type": "keyDown", "value": key});
        let up = |key: &char| json!({"type": "keyUp", "value": key});
        let mut actions: Vec<Value> = held.iter().map(down).collect();
        actions.extend([down(&key), up(&key)]);
        actions.extend(held.iter().map(up));
        self.actions(actions)
            .unwrap_or_else(|error| panic!("press {key:?}: {error}"));
    }

    fn actions(&self, actions: Vec<Value>) -> Result<(), String> {
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.try_call("POST", "/actions", json!({"actions": [keyboard]}))
            .map(drop)
    }

    /// What the browser logged since last asked: errors and refusals of the Content-Security-Policy among it.
    pub fn log(&self) -> Vec<String> {
        let entries = self.call("POST", "/se/log", json!({"type": "browser"}));
        entries
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| {
                format!(
                    "{} {}",
                    entry["level"].as_str().unwrap_or(""),
                    entry["message"].as_str().unwrap_or("")
                )
            })
            .collect()
    }

    /// The page as PNG, below `target/`.
    pub fn screenshot(&self, name: &str) {
        use base64::Engine as _;
        let picture = self.call("GET", "/screenshot", json!(null));
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture.as_str().unwrap())
            .unwrap();
        let folder = crate::paths::target().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.try_call("DELETE", "", json!({})).ok();
        // Whoever has killed it keeps the profile.
        if !self.profile.as_os_str().is_empty() {
            std::fs::remove_dir_all(&self.profile).ok();
        }
    }
}
