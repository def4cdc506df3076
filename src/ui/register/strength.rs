//! How hard a password is to guess, as a worker of its own says it.

use crate::ui::view::prelude::*;
use leptos::web_sys::{MessageChannel, MessageEvent, MessagePort, Worker};
use wasm_bindgen::prelude::*;

use crate::boundary::codec::BUILD;
use crate::ui::i18n::use_text;

/// Asks the worker; it is started with the first question and ends with its owner.
#[derive(Clone, Copy)]
pub struct Strength {
    /// 0 to 4; none while it is not known.
    pub score: ReadSignal<Option<u8>>,
    port: StoredValue<Option<MessagePort>>,
}

impl Strength {
    /// Belongs to the owner that is current.
    pub fn new() -> Self {
        let (score, set_score) = signal(None);
        let port = StoredValue::new(None);
        if let Ok((worker, ours)) = start(set_score) {
            port.set_value(Some(ours));
            let worker = StoredValue::new(worker);
            on_cleanup(move || {
                worker.try_with_value(Worker::terminate);
            });
        }
        Self { score, port }
    }

    /// Asks anew: the password, and what else the form holds, which makes a bad password.
    pub fn judge(self, password: &str, known: &[String]) {
        let words: js_sys::Array = std::iter::once(password)
            .chain(known.iter().map(String::as_str))
            .map(JsValue::from_str)
            .collect();
        self.port.try_with_value(|port| {
            if let Some(port) = port {
                let _gone = port.post_message(&words);
            }
        });
    }
}

fn start(set_score: WriteSignal<Option<u8>>) -> Result<(Worker, MessagePort), JsValue> {
    let worker = Worker::new(&format!("strength-loader.js?v={BUILD}"))?;
    let channel = MessageChannel::new()?;
    let (ours, theirs) = (channel.port1(), channel.port2());
    let hello = js_sys::Object::new();
    js_sys::Reflect::set(&hello, &"port".into(), &theirs)?;
    worker.post_message_with_transfer(&hello, &js_sys::Array::of1(&theirs))?;
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(score) = event.data().as_f64() {
            set_score.try_set(Some(score as u8));
        }
    });
    ours.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The port and its listener end with the worker.
    on_message.forget();
    Ok((worker, ours))
}

/// The meter, with a word beside it; nothing until there is something to judge.
#[component]
pub fn StrengthMeter(
    /// The score.
    #[prop(into)]
    score: Signal<Option<u8>>,
) -> impl IntoView {
    let text = &use_text().register;
    let word = move |score: u8| match score {
        0 => text.very_weak,
        1 => text.weak,
        2 => text.fair,
        3 => text.good,
        _ => text.strong,
    };
    let number = move || score.get().unwrap_or_default().to_string();
    view! {
        <Show when=move || score.get().is_some()>
            <div class="strength-meter">
                <meter
                    class="strength-meter__bar"
                    min="0"
                    max="4"
                    value=number
                    data-score=number
                    aria-label=text.strength
                ></meter>
                <span class="strength-meter__word" role="status">
                    {move || word(score.get().unwrap_or_default())}
                </span>
            </div>
        </Show>
    }
}
