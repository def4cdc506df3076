//! What a press asks of the engine: on its way, done, or failed for a reason that is shown beside it.
//!
//! **Invariant:** no failure is silent. Where what would show it is gone, a toast says it.

use std::future::Future;

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use super::toast::{Toasts, use_toasts};
use crate::boundary::change::Reply;
use crate::entity::problem::Problem;
use crate::ui::i18n::problem::Words;
use crate::ui::i18n::{Texts, use_text};

/// One thing at a time that is asked of the engine. A copy is the same.
#[derive(Clone, Copy)]
pub struct Attempt {
    /// It is on its way.
    pub busy: RwSignal<bool>,
    /// Why the last one failed.
    pub problem: RwSignal<Option<Problem>>,
    toasts: Toasts,
    texts: &'static Texts,
}

impl Attempt {
    /// Nothing was asked yet. Belongs to the owner that is current.
    #[must_use]
    pub fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
            toasts: use_toasts(),
            texts: use_text(),
        }
    }

    /// Waits for an answer. `done` is called with a good one; of a bad one the problem is kept.
    pub fn begin(
        self,
        answer: impl Future<Output = Result<Reply, Problem>> + 'static,
        done: impl FnOnce(Reply) + 'static,
    ) {
        self.busy.set(true);
        self.problem.set(None);
        spawn_local(self.end(answer, done));
    }

    async fn end(
        self,
        answer: impl Future<Output = Result<Reply, Problem>>,
        done: impl FnOnce(Reply),
    ) {
        let answer = answer.await;
        self.busy.try_set(false);
        match answer {
            Ok(reply) => done(reply),
            Err(problem) => self.fail(problem),
        }
    }

    /// It failed: said beside what was pressed, if that is still there.
    pub fn fail(self, problem: Problem) {
        if !self.problem.try_set(Some(problem.clone())) {
            self.fail_elsewhere(&problem);
        }
    }

    /// What would show it is gone, or goes.
    pub fn fail_elsewhere(self, problem: &Problem) {
        self.toasts.problem(problem, self.texts);
    }
}

impl Default for Attempt {
    fn default() -> Self {
        Self::new()
    }
}

impl Toasts {
    /// Says a problem that has no place of its own, or whose place is gone.
    pub fn problem(&self, problem: &Problem, texts: &Texts) {
        let words = Words::of(problem, texts);
        self.show([words.what.trim(), " ", words.next.trim()].concat());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use futures::executor::block_on;

    use super::*;
    use crate::ui::i18n::{Locale, texts};

    /// An attempt in an owner of its own, and the toasts, which outlive it.
    fn attempt() -> (Owner, Owner, Attempt, Toasts) {
        let root = Owner::new();
        root.set();
        let toasts = Toasts::new();
        provide_context(toasts);
        provide_context(texts(Locale::En));
        let inner = root.child();
        let attempt = inner.with(Attempt::new);
        attempt.busy.set(true);
        (root, inner, attempt, toasts)
    }

    #[test]
    fn a_failure_stays_beside_what_was_pressed() {
        let (_root, _inner, attempt, toasts) = attempt();
        block_on(attempt.end(ready(Err(Problem::Offline)), |_| panic!("not done")));
        assert!(!attempt.busy.get_untracked());
        assert_eq!(attempt.problem.get_untracked(), Some(Problem::Offline));
        assert_eq!(toasts.texts(), Vec::<String>::new());
    }

    #[test]
    fn a_failure_whose_place_is_gone_is_a_toast() {
        let (_root, inner, attempt, toasts) = attempt();
        inner.cleanup();
        block_on(attempt.end(ready(Err(Problem::NotRemoved)), |_| panic!("not done")));
        assert!(toasts.texts()[0].starts_with("What this browser keeps"));
    }

    #[test]
    fn what_is_done_is_done_wherever_the_button_is() {
        let (_root, inner, attempt, toasts) = attempt();
        inner.cleanup();
        let done = Cell::new(0);
        block_on(attempt.end(ready(Ok(Reply::Done)), |_| done.set(1)));
        assert_eq!(done.get(), 1);
        assert_eq!(toasts.texts(), Vec::<String>::new());
    }
}
