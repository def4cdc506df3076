//! The engine's ports in a worker of a real browser.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::future::{Either, select};
use futures::{FutureExt, StreamExt};
use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use waxwing::client::ports::{
    Clock, Entropy, Http, HttpError, HttpRequest, PageEvent, PageId, Pages, SocketClosed,
    SocketEvent, Timer, Transport,
};
use waxwing::entity::jid::Jid;
use waxwing::platform::web::clock::WebClock;
use waxwing::platform::web::entropy::WebEntropy;
use waxwing::platform::web::http::WebHttp;
use waxwing::platform::web::lock::{self, Mode, NotHeld};
use waxwing::platform::web::page::deaths::Deaths;
use waxwing::platform::web::pages::WebPages;
use waxwing::platform::web::succession::{Claimant, accede, successor};
use waxwing::platform::web::transport::WebTransport;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

#[path = "support/addresses.rs"]
mod addresses;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A sink, and what falls into it.
fn sink<T: 'static>() -> (Box<dyn Fn(T)>, UnboundedReceiver<T>) {
    let (sender, receiver) = unbounded();
    let sink = Box::new(move |event| sender.unbounded_send(event).unwrap());
    (sink, receiver)
}

const NEVER_OPEN: SocketEvent = SocketEvent::Closed(SocketClosed {
    code: 1006,
    was_clean: false,
});

#[wasm_bindgen_test]
async fn a_socket_that_cannot_be_opened_is_closed_once() {
    // Nobody listens at the first; the others are no addresses of WebSockets.
    for url in [
        "ws://127.0.0.1:1/",
        "nonsense:",
        "ws://127.0.0.1:1/#fragment",
        "",
    ] {
        let (events, mut heard) = sink();
        let socket = WebTransport.open(url, events);
        assert!(heard.try_recv().is_err(), "not from inside the call");
        socket.send("<open/>");
        assert_eq!(heard.next().await, Some(NEVER_OPEN), "{url}");
        socket.close();
        // Nobody is left who could tell more: the sink is gone.
        assert_eq!(heard.next().await, None, "{url}");
    }
}

#[wasm_bindgen_test]
async fn a_dropped_socket_is_silent() {
    for url in ["ws://127.0.0.1:1/", "nonsense:"] {
        let (events, mut heard) = sink();
        drop(WebTransport.open(url, events));
        // The sink goes with the socket, and nothing fell into it.
        assert_eq!(heard.next().await, None, "{url}");
    }
}

fn origin() -> String {
    let location = Reflect::get(&js_sys::global(), &"location".into()).unwrap();
    let origin = Reflect::get(&location, &"origin".into()).unwrap();
    origin.as_string().unwrap()
}

fn request(url: String) -> HttpRequest {
    HttpRequest {
        url,
        max_bytes: 10_000_000,
        timeout: Duration::from_secs(10),
    }
}

#[wasm_bindgen_test]
async fn a_document_is_fetched_whole_or_not_at_all() {
    let whole = WebHttp.fetch(request(origin())).await.unwrap();
    assert_eq!(whole.status, 200);
    assert_eq!(whole.final_url, format!("{}/", origin()));
    assert!(!whole.body.is_empty());

    let exactly = HttpRequest {
        max_bytes: whole.body.len(),
        ..request(origin())
    };
    assert_eq!(WebHttp.fetch(exactly).await.unwrap().body, whole.body);
    let short = HttpRequest {
        max_bytes: whole.body.len() - 1,
        ..request(origin())
    };
    assert_eq!(WebHttp.fetch(short).await, Err(HttpError::TooLong));
    let hurried = HttpRequest {
        timeout: Duration::ZERO,
        ..request(origin())
    };
    assert_eq!(WebHttp.fetch(hurried).await, Err(HttpError::Timeout));
    let missing = WebHttp.fetch(request(format!("{}/none", origin()))).await;
    assert_eq!(missing.unwrap().status, 404);
}

#[wasm_bindgen_test]
async fn a_server_that_answers_is_told_from_one_that_does_not() {
    assert!(WebHttp.answers(&format!("{}/none", origin())).await);
    assert!(!WebHttp.answers("http://127.0.0.1:1/").await);
    let nobody = WebHttp.fetch(request("http://127.0.0.1:1/".into())).await;
    assert_eq!(nobody, Err(HttpError::Network));
}

#[wasm_bindgen_test]
async fn a_sleep_never_ends_early() {
    for milliseconds in [0, 1, 7, 30] {
        let until = WebClock.now() + Duration::from_millis(milliseconds);
        WebClock.sleep_until(until).await;
        assert!(WebClock.now().monotonic >= until.monotonic);
    }
    // Longer than a browser's timers count; given up by dropping.
    let far = WebClock.now() + Duration::from_secs(100 * 24 * 3600);
    let soon = WebClock.now() + Duration::from_millis(5);
    let first = select(WebClock.sleep_until(far), WebClock.sleep_until(soon)).await;
    assert!(matches!(first, Either::Right(_)));
}

#[wasm_bindgen_test]
fn seeds_differ() {
    assert_ne!(WebEntropy.seed(), WebEntropy.seed());
}

/// A page at the other end of a channel.
struct Page {
    port: MessagePort,
    heard: UnboundedReceiver<JsValue>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Page {
    /// The page, and the port that the loader would get.
    fn new() -> (Self, MessagePort) {
        let channel = MessageChannel::new().unwrap();
        let (hear, heard) = sink();
        let on_message = Closure::new(move |event: MessageEvent| hear(event.data()));
        let port = channel.port1();
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let page = Self {
            port,
            heard,
            _on_message: on_message,
        };
        (page, channel.port2())
    }

    fn post(&self, bytes: &[u8]) {
        self.port.post_message(&Uint8Array::from(bytes)).unwrap();
    }

    async fn hear(&mut self) -> Vec<u8> {
        let data = self.heard.next().await.unwrap();
        data.dyn_into::<Uint8Array>().unwrap().to_vec()
    }
}

#[wasm_bindgen_test]
async fn pages_are_heard_and_answered() {
    let scope = js_sys::global();
    let (mut early, port) = Page::new();
    Reflect::set(&scope, &"waxwingPorts".into(), &Array::of1(&port)).unwrap();
    // Said before anybody listens: it waits.
    early.post(&[1, 2]);

    let pages = WebPages::new();
    let (events, mut heard) = sink();
    pages.listen(events);
    assert_eq!(
        heard.next().await,
        Some(PageEvent::Message(PageId(1), vec![1, 2]))
    );
    let taken = Reflect::get(&scope, &"waxwingPorts".into()).unwrap();
    assert_eq!(Array::from(&taken).length(), 0);

    let (mut late, port) = Page::new();
    let on_port = Reflect::get(&scope, &"waxwingOnPort".into()).unwrap();
    let on_port: js_sys::Function = on_port.unchecked_into();
    on_port.call1(&JsValue::NULL, &port).unwrap();
    late.port.post_message(&JsValue::from(7)).unwrap();
    late.post(&[]);
    assert_eq!(
        heard.next().await,
        Some(PageEvent::Message(PageId(2), vec![]))
    );

    pages.post(PageId(2), vec![7; 100_000]);
    pages.post(PageId(1), vec![8]);
    pages.post(PageId(3), vec![9]);
    assert_eq!(late.hear().await, vec![7; 100_000]);
    assert_eq!(early.hear().await, [8]);

    // The page dies: its lock is free.
    let name = format!("test-{}", js_sys::Date::now());
    let held = lock::acquire(&name, Mode::Exclusive).await.ok();
    early.port.post_message(&name.as_str().into()).unwrap();
    early
        .port
        .post_message(&"no lock of theirs".into())
        .unwrap();
    // Both are read, and the lock is waited for, when this comes.
    early.post(&[4]);
    assert_eq!(
        heard.next().await,
        Some(PageEvent::Message(PageId(1), vec![4]))
    );
    // Locks are granted in the order of the requests: whoever asked before this did not get it either.
    let taken = lock::acquire(&name, Mode::IfAvailable).await.err();
    assert_eq!(taken, Some(NotHeld::Taken));
    assert!(heard.try_recv().is_err(), "not yet gone");
    drop(held);
    assert_eq!(heard.next().await, Some(PageEvent::Gone(PageId(1))));
    pages.post(PageId(1), vec![8]);
    late.post(&[3]);
    assert_eq!(
        heard.next().await,
        Some(PageEvent::Message(PageId(2), vec![3]))
    );
}

#[wasm_bindgen_test]
async fn a_sink_may_post_to_the_page_that_it_hears() {
    let pages = Rc::new(WebPages::new());
    let (mut page, port) = Page::new();
    Reflect::set(
        &js_sys::global(),
        &"waxwingPorts".into(),
        &Array::of1(&port),
    )
    .unwrap();
    let heard = Rc::new(RefCell::new(0));
    let (echo, count) = (Rc::clone(&pages), Rc::clone(&heard));
    pages.listen(Box::new(move |event| {
        *count.borrow_mut() += 1;
        if let PageEvent::Message(page, bytes) = event {
            echo.post(page, bytes);
        }
    }));
    page.post(&[5]);
    assert_eq!(page.hear().await, [5]);
    assert_eq!(*heard.borrow(), 1);
}

/// A name for locks and channels that no other test has.
fn fresh_name(what: &str) -> String {
    format!("test-{what}-{}", js_sys::Math::random())
}

const LONG: Duration = Duration::from_secs(60);

#[wasm_bindgen_test]
async fn another_engine_takes_over_when_the_first_lets_go_whatever_its_build() {
    let name = fresh_name("succession");
    let first = Claimant::new("one");
    let held = accede(&name, &first, LONG).await.ok().unwrap();
    let (accede_events, mut happened) = unbounded();
    let wait = |engine: &Claimant| {
        let (name, done, engine) = (name.clone(), accede_events.clone(), engine.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let held = accede(&name, &engine, LONG).await.ok().unwrap();
            done.unbounded_send((engine, held)).unwrap();
        });
    };
    // Of the same build, at another address.
    let (same, other) = (Claimant::new("one"), Claimant::new("two"));
    let mut heard = Box::pin(successor(&name, &first));
    assert!((&mut heard).now_or_never().is_none(), "nobody waits yet");
    wait(&same);
    assert_eq!(heard.await, same, "nobody else has said a word");
    assert!(happened.try_recv().is_err(), "the lock is still held");
    wait(&other);
    drop(held);
    let (engine, second) = happened.next().await.unwrap();
    assert_eq!(engine, same, "who waits longest is next");
    // It hears of the one that still waits, also if that said so before it listened.
    let next = successor(&name, &same).await;
    assert_eq!((&next, next.build()), (&other, "two"));
    drop(second);
    let (engine, _third) = happened.next().await.unwrap();
    assert_eq!(engine, other);
}

#[wasm_bindgen_test]
async fn what_an_engine_says_itself_and_what_is_no_text_is_no_successor() {
    let name = fresh_name("alone");
    let us = Claimant::new("one");
    let channel = web_sys::BroadcastChannel::new(&name).unwrap();
    let mut heard = Box::pin(successor(&name, &us));
    assert!((&mut heard).now_or_never().is_none());
    channel.post_message(&JsValue::from(1)).unwrap();
    let own = accede(&name, &us, LONG).await;
    // A build that knows no instances says its name alone.
    channel.post_message(&JsValue::from("one")).unwrap();
    assert_eq!(heard.await.build(), "one");
    drop(own);
}

#[wasm_bindgen_test]
async fn an_engine_that_sleeps_loses_the_lock_and_learns_of_it() {
    let name = fresh_name("asleep");
    let first = accede(&name, &Claimant::new("one"), LONG)
        .await
        .ok()
        .unwrap();
    // Nobody listens for the first.
    let second = accede(&name, &Claimant::new("one"), Duration::from_millis(600)).await;
    assert!(first.ended().await, "it was stolen");
    let taken = lock::acquire(&name, Mode::IfAvailable).await.err();
    assert_eq!(taken, Some(NotHeld::Taken));
    drop(second.ok().unwrap());
}

#[wasm_bindgen_test]
fn an_engine_that_dies_is_started_ever_more_slowly_and_not_for_ever() {
    let second = Duration::from_secs;
    let mut deaths = Deaths::default();
    let waits: Vec<_> = (0..5)
        .map(|at| Some(deaths.on_death(second(100 + at))?.as_millis()))
        .collect();
    assert_eq!(waits, [Some(250), Some(500), Some(1000), Some(2000), None]);
    // Once in a while does not count, and a person may insist.
    let first = Duration::from_millis(250);
    assert_eq!(deaths.on_death(second(200)), Some(first));
    assert_eq!(deaths.on_death(second(201)), Some(first * 2));
    deaths.forget();
    assert_eq!(deaths.on_death(second(202)), Some(first));
}

#[wasm_bindgen_test]
fn addresses_are_prepared_here_as_elsewhere() {
    for (text, wanted) in addresses::ADDRESSES {
        let jid = Jid::parse(text).ok().map(|jid| jid.to_string());
        assert_eq!(jid.as_deref(), *wanted, "{text:?}");
    }
}
