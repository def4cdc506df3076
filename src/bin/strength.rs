//! The judge of passwords: a worker of its own, because its dictionaries are larger than the page.
//!
//! A page posts `[password, …what else the form holds]`, an array of strings, and gets the score, 0 to 4. Nothing is kept.

#[cfg(target_arch = "wasm32")]
fn main() {
    worker::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

#[cfg(target_arch = "wasm32")]
mod worker {
    //! The wiring to the loader (`public/engine-loader.js`).

    use wasm_bindgen::prelude::*;
    use web_sys::{MessageEvent, MessagePort};

    /// Serves the ports that wait, and those that will come.
    pub fn start() {
        console_error_panic_hook::set_once();
        let serve = Closure::<dyn Fn(MessagePort)>::new(|port| serve(&port));
        let global = js_sys::global();
        let set = js_sys::Reflect::set(&global, &"waxwingOnPort".into(), serve.as_ref());
        // The worker lives as long as its page wants it to: so does this.
        serve.forget();
        let waiting = js_sys::Reflect::get(&global, &"waxwingPorts".into());
        if let (Ok(true), Ok(waiting)) = (set, waiting) {
            for port in js_sys::Array::from(&waiting).iter() {
                self::serve(&port.unchecked_into());
            }
        }
    }

    fn serve(port: &MessagePort) {
        let answer = port.clone();
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let words: Vec<String> = js_sys::Array::from(&event.data())
                .iter()
                .filter_map(|word| word.as_string())
                .collect();
            // A page that is gone needs no answer.
            let _gone = answer.post_message(&score(&words).into());
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
    }

    fn score(words: &[String]) -> u8 {
        let Some((password, known)) = words.split_first() else {
            return 0;
        };
        // Its time grows with the square of the length; beyond this nothing is guessable any more.
        let password: String = password.chars().take(64).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        zxcvbn::zxcvbn(&password, &known).score().into()
    }
}
