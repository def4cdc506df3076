//! A page as a person uses it: things are found by role and accessible name, and waited for.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::webdriver::Browser;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks: whoever looks without end keeps what it waits for from happening.
const PAUSE: Duration = Duration::from_millis(5);

/// Finds the visible elements with a role and a name (`^…` is a regular expression), below the last argument if it is given.
const FIND: &str = r"
const [role, name, below] = arguments;
const fits = name.startsWith('^') ? (text => new RegExp(name).test(text)) : (text => text === name);
const found = [];
for (const element of (below || document).querySelectorAll('*')) {
  if (element.computedRole !== role || !fits((element.computedName || '').trim())) continue;
  if (!element.checkVisibility({visibilityProperty: true})) continue;
  found.push(element);
}
return found;";

/// An element of the page.
#[derive(Clone)]
pub struct Element<'a> {
    browser: &'a Browser,
    reference: Value,
    what: String,
}

/// Waits until the function gives something.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        std::thread::sleep(PAUSE);
    }
}

impl Browser {
    /// All elements with a role and a name, now.
    pub fn all(&self, role: &str, name: &str) -> Vec<Element<'_>> {
        self.all_below(role, name, Value::Null)
    }

    fn all_below(&self, role: &str, name: &str, below: Value) -> Vec<Element<'_>> {
        // An element may vanish between being found and being looked at.
        let found = self
            .try_call(
                "POST",
                "/execute/sync",
                json!({"script": FIND, "args": [role, name, below]}),
            )
            .unwrap_or_default();
        found
            .as_array()
            .into_iter()
            .flatten()
            .map(|reference| Element {
                browser: self,
                reference: reference.clone(),
                what: format!("{role} {name:?}"),
            })
            .collect()
    }

    /// The first element with a role and a name, once there is one.
    pub fn find(&self, role: &str, name: &str) -> Element<'_> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.all(role, name).into_iter().next() {
                return found;
            }
            if Instant::now() >= deadline {
                self.screenshot("failure");
                panic!(
                    "no {role} {name:?} on the page:\n{}\n{}",
                    self.outline(),
                    self.log().join("\n")
                );
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until there is no such element.
    pub fn gone(&self, role: &str, name: &str) {
        wait_for(&format!("{role} {name:?} to go"), || {
            self.all(role, name).is_empty().then_some(())
        });
    }

    /// Waits until the connection's status says this.
    pub fn status(&self, pattern: &str) {
        let deadline = Instant::now() + PATIENCE;
        let pattern = pattern.to_string();
        loop {
            let said: Vec<String> = self.all("status", "^").iter().map(Element::text).collect();
            if said.iter().any(|text| text.contains(&pattern)) {
                return;
            }
            if Instant::now() >= deadline {
                self.screenshot("failure");
                panic!(
                    "no status {pattern:?} but {said:?}:\n{}\n{}",
                    self.outline(),
                    self.log().join("\n")
                );
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The roles and names of what is visible: what a failure prints.
    pub fn outline(&self) -> String {
        let text = self.run(
            r"const lines = [];
              for (const element of document.querySelectorAll('*')) {
                const role = element.computedRole;
                if (['generic', 'none', '', 'InlineTextBox', 'StaticText'].includes(role) || !element.checkVisibility()) continue;
                lines.push(role + ' ' + JSON.stringify((element.computedName || '').slice(0, 80)));
              }
              return location.href + '\n' + lines.slice(0, 150).join('\n');",
            json!([]),
        );
        text.as_str().unwrap_or_default().to_string()
    }
}

impl<'a> Element<'a> {
    fn call(&self, path: &str, body: Value) -> Result<Value, String> {
        let id = self
            .reference
            .as_object()
            .and_then(|o| o.values().next())
            .and_then(Value::as_str)
            .unwrap_or("");
        let method = if body.is_null() { "GET" } else { "POST" };
        self.browser
            .try_call(method, &format!("/element/{id}{path}"), body)
    }

    pub fn click(&self) {
        self.call("/click", json!({}))
            .unwrap_or_else(|error| panic!("click on {}: {error}", self.what));
    }

    /// Clicks on it, unless it has gone since it was found.
    pub fn click_if_there(&self) {
        let _gone = self.call("/click", json!({}));
    }

    /// Types text into it.
    pub fn enter(&self, text: &str) {
        self.call("/value", json!({"text": text}))
            .unwrap_or_else(|error| panic!("type into {}: {error}", self.what));
    }

    pub fn clear(&self) {
        self.call("/clear", json!({}))
            .unwrap_or_else(|error| panic!("clear {}: {error}", self.what));
    }

    /// Its text, also what only assistive technology reads.
    pub fn text(&self) -> String {
        let script = "return arguments[0].textContent.replace(/\\s+/g, ' ').trim()";
        let arguments = json!({"script": script, "args": [self.reference]});
        // It may have gone since it was found.
        let said = self.browser.try_call("POST", "/execute/sync", arguments);
        said.ok()
            .and_then(|v| v.as_str().map(String::from))
            .unwrap_or_default()
    }

    pub fn value(&self) -> String {
        self.call("/property/value", json!(null))
            .ok()
            .and_then(|v| v.as_str().map(String::from))
            .unwrap_or_default()
    }

    pub fn name(&self) -> String {
        self.call("/computedlabel", json!(null))
            .ok()
            .and_then(|v| v.as_str().map(String::from))
            .unwrap_or_default()
    }

    /// Runs a function's body with the element as its first argument.
    pub fn run(&self, script: &str) -> Value {
        self.browser.run(script, json!([self.reference]))
    }

    /// All elements below it with a role and a name, now.
    pub fn all(&self, role: &str, name: &str) -> Vec<Element<'a>> {
        self.browser.all_below(role, name, self.reference.clone())
    }

    /// The first element below it with a role and a name, once there is one.
    pub fn find(&self, role: &str, name: &str) -> Element<'a> {
        wait_for(&format!("{role} {name:?} in {}", self.what), || {
            self.all(role, name).into_iter().next()
        })
    }
}
