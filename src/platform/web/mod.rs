//! The ports made of a browser: for the engine, in a worker; and for the page, the way to the engine.

pub mod clock;
pub mod entropy;
pub mod http;
pub mod indexed_db;
pub mod lock;
pub mod page;
pub mod pages;
pub mod succession;
pub mod timer;
pub mod transport;
pub mod witness;

use std::rc::Rc;

use futures::future::LocalBoxFuture;

use crate::client::ports::{Ports, Spawn};

/// All ports of a worker.
#[must_use]
pub fn ports() -> Ports {
    Ports {
        transport: Rc::new(transport::WebTransport),
        http: Rc::new(http::WebHttp),
        clock: Rc::new(clock::WebClock),
        timer: Rc::new(clock::WebClock),
        entropy: Rc::new(entropy::WebEntropy),
        pages: Rc::new(pages::WebPages::new()),
        witness: Rc::new(witness::WebWitness),
        spawn: Rc::new(WebSpawn),
        depot: Rc::new(indexed_db::IndexedDbDepot::new("waxwing")),
    }
}

/// Runs futures between the events of the worker.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebSpawn;

impl Spawn for WebSpawn {
    fn spawn(&self, future: LocalBoxFuture<'static, ()>) {
        wasm_bindgen_futures::spawn_local(future);
    }
}
