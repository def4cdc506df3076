//! What the platform calls: a way to an engine is there, a message came, the engine is gone.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Asked, Engine, Handle, Link};
use crate::boundary::change::{Change, Reply, ToPage};
use crate::boundary::codec;
use crate::boundary::command::{Command, ToEngine};
use crate::entity::id::RequestId;
use crate::ui::deadly;

impl Handle {
    /// The page is shown again after it was put away. Where it had been told to wait for the user, it still waits.
    pub fn come_back(&self, link: Rc<dyn Link>) {
        match self.engine.get_untracked() {
            Engine::Failed(_) | Engine::OtherBuild | Engine::HeldByAnotherTab => {}
            Engine::Attaching | Engine::Attached | Engine::Restarting => self.attach(link),
        }
    }

    /// There is a new way to an engine, which has not answered yet: introduces this page, and keeps quiet until then. What was
    /// asked on another way is answered on none but this one.
    pub fn attach(&self, link: Rc<dyn Link>) {
        let inner = self.inner();
        inner.wait_again();
        *inner.link.borrow_mut() = Some(link.clone());
        // An engine that is started anew keeps its word on the screen until it is there.
        let before = self.engine.get_untracked();
        if before != Engine::Restarting && before != Engine::Attaching {
            self.set_engine.set(Engine::Attaching);
        }
        link.post(codec::encode(&vec![ToEngine::Hello {
            build: codec::BUILD.to_owned(),
            attention: inner.attention.get(),
            accounts: self
                .model
                .accounts
                .all()
                .into_iter()
                .map(|(id, _)| id)
                .collect(),
            deadly: deadly::known(),
        }]));
    }

    /// The way to the engine, before there is an engine: so that [`Handle::restart`] works.
    pub fn offer(&self, link: Rc<dyn Link>) {
        *self.inner().link.borrow_mut() = Some(link);
    }

    /// The engine is not, or no longer, to be had. What was asked is answered with a problem, but for what may be asked
    /// twice: that waits for another engine, of this page or of the next one, because nobody knows whether it was done.
    pub fn detach(&self, state: Engine) {
        if self.engine.get_untracked() != state {
            self.set_engine.set(state);
        }
        // Dropped, each of them ends its future; what is answered so is not carried out later.
        let inner = self.inner();
        let (again, lost): (HashMap<RequestId, Asked>, HashMap<_, _>) = inner
            .asked
            .take()
            .into_iter()
            .partition(|(_, asked)| asked.again.is_some());
        inner.waiting.borrow_mut().retain(|word| match word {
            ToEngine::Do(id, _) => !lost.contains_key(id),
            _ => true,
        });
        *inner.asked.borrow_mut() = again;
    }

    /// What nobody has answered yet and may be asked twice, in the order in which it was asked.
    #[must_use]
    pub fn unanswered(&self) -> Vec<Command> {
        let again = self.inner().again().into_iter();
        again.map(|(_, command)| command).collect()
    }

    /// Of what nobody has answered and may be asked twice, only this is still open: the rest was answered to a page that came
    /// after this one, and is asked of nobody any more.
    pub fn answered_elsewhere(&self, is_open: impl Fn(&Command) -> bool) {
        let inner = self.inner();
        let (open, done): (HashMap<RequestId, Asked>, HashMap<_, _>) = inner
            .asked
            .take()
            .into_iter()
            .partition(|(_, asked)| asked.again.as_ref().is_none_or(&is_open));
        inner.waiting.borrow_mut().retain(|word| match word {
            ToEngine::Do(id, _) => !done.contains_key(id),
            _ => true,
        });
        *inner.asked.borrow_mut() = open;
        for asked in done.into_values() {
            // Who asked may be gone: then nobody wants to know.
            let _nobody = asked.answer.send(Ok(Reply::Done));
        }
    }

    /// A message came from the engine.
    pub fn receive(&self, bytes: &[u8]) {
        let Ok(words) = codec::decode::<Vec<ToPage>>(bytes) else {
            self.detach(Engine::OtherBuild);
            return;
        };
        for word in words {
            match word {
                ToPage::Welcome => self.welcome(),
                ToPage::OtherBuild(_) => self.detach(Engine::OtherBuild),
                ToPage::Elsewhere => self.detach(Engine::HeldByAnotherTab),
                ToPage::Changes(changes) => {
                    for change in changes {
                        self.apply(change);
                    }
                }
            }
        }
        self.model.settle();
    }

    fn welcome(&self) {
        self.set_engine.set(Engine::Attached);
        let inner = self.inner();
        // What an engine that died knew of this page; one that is new does not mind to hear it first.
        let mut words: Vec<ToEngine> = Vec::new();
        let (log, console) = inner.diagnostics.get();
        let waiting = inner.waiting.take();
        for (id, watched) in inner.windows.borrow().iter() {
            let is_new = waiting
                .iter()
                .any(|word| matches!(word, ToEngine::Do(_, Command::Watch(new, _)) if new == id));
            if !is_new {
                let watch = Command::Watch(*id, watched.request.clone());
                words.push(ToEngine::Do(RequestId::default(), watch));
            }
        }
        if log || console {
            let watch = Command::WatchDiagnostics { log, console };
            words.push(ToEngine::Do(RequestId::default(), watch));
        }
        words.extend(waiting);
        let link = inner.link.borrow().clone();
        if let (Some(link), false) = (link, words.is_empty()) {
            link.post(codec::encode(&words));
        }
    }

    fn apply(&self, change: Change) {
        let inner = self.inner();
        match change {
            Change::Answer(id, answer) => {
                let asked = inner.asked.borrow_mut().remove(&id);
                if let Some(asked) = asked {
                    // Who asked may be gone: then nobody wants to know.
                    let _nobody = asked.answer.send(answer);
                }
            }
            Change::Timeline(id, change) => {
                let watched = inner.windows.borrow().get(&id).cloned();
                if let Some(watched) = watched {
                    if let Some(before) = watched.before {
                        before(&change);
                    }
                    watched.rows.apply(change);
                }
            }
            Change::Notify(_) | Change::Log(_) | Change::Console(_) => inner.tell(&change),
            change => {
                if matches!(change, Change::AccountGone(_)) {
                    inner.tell(&change);
                }
                self.model.apply(change);
            }
        }
    }
}
