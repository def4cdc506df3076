//! What attributes, properties and styles can be set to.

use std::borrow::Cow;

use wasm_bindgen::{JsCast, JsValue};

use super::element::El;
use super::region::{Run, effect};
use super::signal::{Memo, ReadSignal, RwSignal, Signal};

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// The attribute is not there.
    Absent,
    /// Its text.
    Text(Cow<'static, str>),
    /// Present without a value, or (as a property) true.
    True,
    /// Not there, or (as a property) false.
    False,
}

impl Value {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::True => Some(""),
            Self::Absent | Self::False => None,
        }
    }
}

/// What is a value.
pub trait IntoValue {
    /// Makes it one.
    fn into_value(self) -> Value;
}

impl IntoValue for &'static str {
    fn into_value(self) -> Value {
        Value::Text(Cow::Borrowed(self))
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::Text(Cow::Owned(self))
    }
}

impl IntoValue for Cow<'static, str> {
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Value {
        if self { Value::True } else { Value::False }
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Absent, IntoValue::into_value)
    }
}

/// What an attribute or a style can be set to.
pub trait Attribute {
    /// Sets an attribute, and keeps it in step.
    fn set(self, element: &El, name: &'static str);
    /// Sets a style, and keeps it in step.
    fn set_style(self, element: &El, name: &'static str);
}

/// What a property can be set to.
pub trait Property {
    /// Sets it, and keeps it in step.
    fn set_property(self, element: &El, name: &'static str);
}

macro_rules! plain {
    ($(($($bound:tt)*) $value:ty;)*) => {
        $(impl $($bound)* Attribute for $value {
            fn set(self, element: &El, name: &'static str) {
                set_attribute(element.element(), name, &self.into_value());
            }
            fn set_style(self, element: &El, name: &'static str) {
                set_style(element.element(), name, &self.into_value());
            }
        }
        impl $($bound)* Property for $value {
            fn set_property(self, element: &El, name: &'static str) {
                set_property(element.element(), name, &self.into_value());
            }
        })*
    };
}

plain! {
    () &'static str;
    () String;
    () Cow<'static, str>;
    () bool;
    (<T: IntoValue>) Option<T>;
}

/// How a value gets to an element.
type Setter = fn(&web_sys::Element, &'static str, &Value);

#[inline(never)]
fn follow(element: &El, name: &'static str, set: Setter, mut value: Box<dyn Run<(), Value>>) {
    let element = element.element().clone();
    let mut before = None;
    effect(Box::new(move |()| {
        let now = value.run(());
        if before.as_ref() != Some(&now) {
            set(&element, name, &now);
            before = Some(now);
        }
    }));
}

impl<F, V> Attribute for F
where
    F: FnMut() -> V + 'static,
    V: IntoValue,
{
    fn set(mut self, element: &El, name: &'static str) {
        follow(
            element,
            name,
            set_attribute,
            Box::new(move |()| self().into_value()),
        );
    }
    fn set_style(mut self, element: &El, name: &'static str) {
        follow(
            element,
            name,
            set_style,
            Box::new(move |()| self().into_value()),
        );
    }
}

impl<F, V> Property for F
where
    F: FnMut() -> V + 'static,
    V: IntoValue,
{
    fn set_property(mut self, element: &El, name: &'static str) {
        follow_property(element, name, Box::new(move |()| self().into_value()));
    }
}

/// A property is set even if the value is the same: the person may have changed it meanwhile.
#[inline(never)]
fn follow_property(element: &El, name: &'static str, mut value: Box<dyn Run<(), Value>>) {
    let element = element.element().clone();
    effect(Box::new(move |()| {
        set_property(&element, name, &value.run(()));
    }));
}

macro_rules! signals {
    ($($signal:ident)*) => {
        $(impl<T> Attribute for $signal<T>
        where
            T: IntoValue + Clone + Send + Sync + 'static,
        {
            fn set(self, element: &El, name: &'static str) {
                Attribute::set(move || self.get(), element, name);
            }
            fn set_style(self, element: &El, name: &'static str) {
                Attribute::set_style(move || self.get(), element, name);
            }
        }
        impl<T> Property for $signal<T>
        where
            T: IntoValue + Clone + Send + Sync + 'static,
        {
            fn set_property(self, element: &El, name: &'static str) {
                Property::set_property(move || self.get(), element, name);
            }
        })*
    };
}

signals! { Signal ReadSignal RwSignal Memo }

// None of these is refused: names are written in the code, and a value may be any text.

#[inline(never)]
fn set_attribute(element: &web_sys::Element, name: &'static str, value: &Value) {
    let _never = match value.text() {
        Some(text) => element.set_attribute(name, text),
        None => element.remove_attribute(name),
    };
}

#[inline(never)]
fn set_style(element: &web_sys::Element, name: &'static str, value: &Value) {
    let style = element.unchecked_ref::<web_sys::HtmlElement>().style();
    let _never = match value.text() {
        Some(text) => style.set_property(name, text),
        None => style.remove_property(name).map(drop),
    };
}

#[inline(never)]
fn set_property(element: &web_sys::Element, name: &'static str, value: &Value) {
    let value = match value {
        Value::Absent => JsValue::UNDEFINED,
        Value::Text(text) => JsValue::from_str(text),
        Value::True => JsValue::TRUE,
        Value::False => JsValue::FALSE,
    };
    let _never = js_sys::Reflect::set(element, &JsValue::from_str(name), &value);
}
