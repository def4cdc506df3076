//! What happens when signals change.

use leptos::EffectFunction;
use leptos::prelude as leptos;

use crate::ui::view::region::Run;

/// Runs soon, and again whenever a signal that it read has changed, until the owner that is current is cleaned up.
pub struct Effect;

impl Effect {
    /// `run` takes nothing, or what it gave the last time.
    // As Leptos has it: the owner keeps the effect, and nobody needs a value that stands for it.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<T: 'static, M>(mut run: impl EffectFunction<T, M> + 'static) {
        let mut before = None;
        follow(Box::new(move |()| before = Some(run.run(before.take()))));
    }
}

#[inline(never)]
fn follow(mut run: Box<dyn Run<(), ()>>) {
    let _kept = leptos::Effect::new(move || run.run(()));
}
