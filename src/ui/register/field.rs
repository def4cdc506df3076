//! One field of a form that a server made.

use crate::ui::view::prelude::*;
use leptos::web_sys::{Blob, BlobPropertyBag, Url};
use wasm_bindgen::JsValue;

use super::strength::{Strength, StrengthMeter};
use crate::entity::form::{Field, FieldKind, FormImage};
use crate::ui::i18n::{Texts, use_text};

/// What a field holds now.
#[derive(Clone, Copy)]
pub struct Held(pub RwSignal<Vec<String>>);

impl Held {
    fn first(self) -> String {
        self.0
            .with(|values| values.first().cloned().unwrap_or_default())
    }
}

/// What to call a field: our word for the well-known ones, else the server's.
fn label(texts: &'static Texts, field: &Field) -> String {
    let text = &texts.register;
    let known = match field.name.as_str() {
        "username" => Some(text.username),
        "password" => Some(texts.login.password),
        "email" => Some(text.email),
        "name" => Some(text.full_name),
        _ => None,
    };
    match (known, &field.label) {
        (Some(known), _) => known.to_owned(),
        (None, Some(label)) if !label.trim().is_empty() => label.clone(),
        _ => field.name.clone(),
    }
}

/// A field. Everything the server wrote is plain text.
#[component]
pub fn FormField(
    /// What it is.
    field: Field,
    /// What it holds.
    held: Held,
    /// Which number it has, for its id.
    number: usize,
    /// Judges a password; only where there is a meter.
    strength: Option<Strength>,
) -> impl IntoView {
    let texts = use_text();
    let id = format!("form-field-{number}");
    let label = label(texts, &field);
    let description = field
        .description
        .clone()
        .filter(|text| !text.trim().is_empty());
    let hint_id = description.as_ref().map(|_| format!("{id}-hint"));
    let image = field
        .image
        .as_ref()
        .and_then(|image| picture(image, &label));
    let required = field.required;
    let set = move |event: leptos::ev::Event| held.0.set(vec![event_target_value(&event)]);
    let control = match field.kind.clone() {
        FieldKind::Note => {
            return field
                .values
                .into_iter()
                .map(|line| view! { <p class="login__instructions" dir="auto">{line}</p> })
                .collect_view()
                .into_any();
        }
        FieldKind::Boolean => {
            let on = move || matches!(held.first().as_str(), "1" | "true");
            return view! {
                <label class="checkbox">
                    <input
                        class="checkbox__input"
                        type="checkbox"
                        required=required
                        prop:checked=on
                        on:change=move |event| {
                            held.0.set(vec![if event_target_checked(&event) { "1" } else { "0" }.to_owned()]);
                        }
                    />
                    <span dir="auto">{label}</span>
                </label>
            }
            .into_any();
        }
        FieldKind::Choice(options) => view! {
            <select class="field__input" id=id.clone() required=required on:change=set>
                <option value=""></option>
                {options
                    .into_iter()
                    .map(|(value, word)| {
                        let this = value.clone();
                        view! { <option value=value prop:selected=move || held.first() == this>{word}</option> }
                    })
                    .collect_view()}
            </select>
        }
        .into_any(),
        FieldKind::Choices(options) => {
            let option = move |(value, word): (String, String)| {
                let (this, that) = (value.clone(), value);
                view! {
                    <label class="checkbox">
                        <input
                            class="checkbox__input"
                            type="checkbox"
                            prop:checked=move || held.0.with(|values| values.contains(&this))
                            on:change=move |event| {
                                held.0
                                    .update(|values| {
                                        values.retain(|value| *value != that);
                                        if event_target_checked(&event) {
                                            values.push(that.clone());
                                        }
                                    });
                            }
                        />
                        <span dir="auto">{word}</span>
                    </label>
                }
            };
            return view! {
                <fieldset class="field">
                    <legend class="field__label" dir="auto">
                        {label}
                    </legend>
                    {options.into_iter().map(option).collect_view()}
                </fieldset>
            }
            .into_any();
        }
        FieldKind::Paragraph => view! {
            <textarea class="field__input" id=id.clone() rows="3" required=required prop:value=move || held.0.with(|v| v.join("\n")) on:input=set></textarea>
        }
        .into_any(),
        kind @ (FieldKind::Text | FieldKind::Password) => {
            let autocomplete = match (kind == FieldKind::Password, field.name.as_str()) {
                (true, _) => "new-password",
                (false, "username") => "username",
                (false, "email") => "email",
                (false, "name") => "name",
                _ => "off",
            };
            view! {
                <input
                    class="field__input"
                    id=id.clone()
                    type=if kind == FieldKind::Password { "password" } else { "text" }
                    name=field.name.clone()
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    required=required
                    aria-describedby=hint_id.clone()
                    prop:value=move || held.first()
                    on:input=set
                />
            }
            .into_any()
        }
    };
    let meter = strength
        .filter(|_| field.kind == FieldKind::Password)
        .map(|strength| view! { <StrengthMeter score=strength.score /> });
    view! {
        <div class="field">
            {image}
            <label class="field__label" for=id dir="auto">
                {label}
                {(!required).then(|| view! { " " <span class="field__optional">{texts.login.optional}</span> })}
            </label>
            <div class="field__control">{control}</div>
            {meter}
            {description.map(|text| view! { <p class="field__hint" id=hint_id dir="auto">{text}</p> })}
        </div>
    }
    .into_any()
}

/// The picture of a captcha; the engine has looked at its bytes.
fn picture(image: &FormImage, label: &str) -> Option<AnyView> {
    let url = object_url(image).ok()?;
    let held = url.clone();
    on_cleanup(move || {
        let _gone = Url::revoke_object_url(&held);
    });
    Some(
        view! {
            <div class="captcha">
                <img class="captcha__image" src=url alt=label.to_owned() />
            </div>
        }
        .into_any(),
    )
}

fn object_url(image: &FormImage) -> Result<String, JsValue> {
    let kind = BlobPropertyBag::new();
    kind.set_type(&image.media_type);
    let bytes = js_sys::Uint8Array::from(image.bytes.as_slice());
    let blob = Blob::new_with_u8_array_sequence_and_options(&js_sys::Array::of1(&bytes), &kind)?;
    Url::create_object_url_with_blob(&blob)
}
