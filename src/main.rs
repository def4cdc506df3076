//! The page: attaches to the engine and mounts `ui::App`.

#[cfg(target_arch = "wasm32")]
mod page {
    use std::cell::RefCell;
    use std::rc::Rc;

    use any_spawner::Executor;
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use waxwing::boundary::command::Command;
    use waxwing::platform::web::page::engine::{Engine as Way, Heard};
    use waxwing::platform::web::page::person::{self, Happened};
    use waxwing::ui::app::App;
    use waxwing::ui::config;
    use waxwing::ui::deadly;
    use waxwing::ui::handle::{Engine, Handle, Link};
    use waxwing::ui::i18n::intl;
    use waxwing::ui::view::{self, view};

    struct ToEngine(Rc<Way>);

    impl Link for ToEngine {
        fn post(&self, bytes: Vec<u8>) {
            self.0.post(&bytes);
        }

        fn restart(&self) {
            self.0.restart();
        }
    }

    /// Starts the engine, reads `config.json` beside it, and shows the view.
    pub fn run() {
        console_error_panic_hook::set_once();
        // The rows are made, and told of, before anything is mounted. No second call comes.
        let _first = Executor::init_wasm_bindgen();
        // What the page mirrors lives as long as the page.
        let owner = Owner::new();
        let handle = owner.with(|| Handle::new(intl::order_here));
        std::mem::forget(owner);
        attach(handle);
        spawn_local(async move {
            let (config, mistakes) = config::load().await;
            let config = &*Box::leak(Box::new(config));
            if let Some(first) = document().get_element_by_id("first-paint") {
                first.remove();
            }
            view::mount(move || view! { <App config mistakes handle /> });
        });
    }

    fn attach(handle: Handle) {
        let link: Rc<RefCell<Option<Rc<ToEngine>>>> = Rc::default();
        let heard = link.clone();
        let way = Way::start(move |what| match what {
            Heard::Opened => {
                handle.attention(person::attention());
                if let Some(link) = heard.borrow().clone() {
                    handle.attach(link);
                }
            }
            Heard::Said(bytes) => {
                handle.receive(&bytes);
                let link = heard.borrow().clone();
                match (handle.engine.get_untracked(), link) {
                    (Engine::OtherBuild, Some(link)) => link.0.leave(),
                    (Engine::HeldByAnotherTab, Some(link)) => link.0.release(),
                    _ => {}
                }
            }
            Heard::Trapped { engine, frame } => deadly::note(&engine, &frame),
            Heard::Died => handle.detach(Engine::Restarting),
            Heard::Failed(why) => handle.detach(Engine::Failed(why)),
            Heard::HeldByAnotherTab => handle.detach(Engine::HeldByAnotherTab),
        });
        let way = Rc::new(ToEngine(way));
        handle.offer(way.clone());
        *link.borrow_mut() = Some(way.clone());
        let tell = move |happened| match happened {
            Happened::Attention(attention) => handle.attention(attention),
            Happened::Activity => handle.send(Command::Activity),
            Happened::Network(there) => handle.send(Command::Network(there)),
            Happened::Hidden => handle.goodbye(),
            Happened::Shown => handle.come_back(way.clone()),
        };
        person::follow(&window(), tell);
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    page::run();
}
