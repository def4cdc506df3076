//! What can go wrong between the client and its machine: it dies at any output, its timers are late or early, its disk
//! waits or fails (`tests/support/disk.rs`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use waxwing::client::ports::{
    Entropy, PageEvent, PageId, Pages, Ports, Sink, Socket, SocketEvent, Timer, Transport,
};
use waxwing::entity::address::Address;
use waxwing::entity::id::AccountId;
use waxwing::entity::message::{Message, Position};
use waxwing::entity::settings::Settings;
use waxwing::entity::time::Instant;
use waxwing::platform::fake::World;
use waxwing::store::{
    AccountRecord, Batch, Depot, Device, Name, PageQuery, Snapshot, Store, Stored,
};

use crate::dice::Dice;
use crate::support::Disk;

/// Burns down with each output; when it has, the engine is dead: nothing of it reaches anybody any more.
#[derive(Default)]
pub struct Fuse {
    left: Cell<Option<u32>>,
    is_burnt: Cell<bool>,
}

impl Fuse {
    /// So many outputs are left.
    pub fn light(&self, outputs: u32) {
        self.left.set(Some(outputs));
    }

    /// It is not to die after all.
    pub fn put_out(&self) {
        self.left.set(None);
    }

    pub fn is_burnt(&self) -> bool {
        self.is_burnt.get()
    }

    /// An output. False if it does not get out any more.
    fn pass(&self) -> bool {
        match self.left.get() {
            Some(0) => {
                self.is_burnt.set(true);
                self.left.set(None);
            }
            Some(left) => self.left.set(Some(left - 1)),
            None => {}
        }
        !self.is_burnt.get()
    }

    /// Goes on if the engine lives, else never.
    async fn live(&self) {
        if !self.pass() {
            std::future::pending::<()>().await;
        }
    }
}

/// The ports of a machine where all that can happen.
pub fn ports(
    world: &World,
    disk: &Rc<Disk>,
    fuse: &Rc<Fuse>,
    dice: &Rc<RefCell<Dice>>,
    is_uneven: bool,
    forgets_outbox: bool,
) -> Ports {
    let depot = Fused {
        disk: disk.clone(),
        fuse: fuse.clone(),
        forgets_outbox,
    };
    let ports = world.ports(Rc::new(depot));
    Ports {
        transport: Rc::new(Wires {
            transport: ports.transport.clone(),
            fuse: fuse.clone(),
        }),
        pages: Rc::new(Tabs {
            pages: ports.pages.clone(),
            fuse: fuse.clone(),
        }),
        timer: Rc::new(Uneven {
            timer: ports.timer.clone(),
            dice: is_uneven.then(|| dice.clone()),
        }),
        entropy: Rc::new(Seeded(dice.clone())),
        ..ports
    }
}

struct Seeded(Rc<RefCell<Dice>>);

impl Entropy for Seeded {
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        for part in seed.chunks_mut(8) {
            part.copy_from_slice(&self.0.borrow_mut().word().to_le_bytes());
        }
        seed
    }
}

/// Timers that come late, or too early.
struct Uneven {
    timer: Rc<dyn Timer>,
    dice: Option<Rc<RefCell<Dice>>>,
}

impl Timer for Uneven {
    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        let mut at = at;
        if let Some(dice) = &self.dice {
            let mut dice = dice.borrow_mut();
            match dice.below(10) {
                0 => at.monotonic += dice.millis(1, 3_000),
                1 => at.monotonic = at.monotonic.saturating_sub(dice.millis(1, 500)),
                _ => at.monotonic += Duration::from_millis(1),
            }
        }
        self.timer.sleep_until(at)
    }
}

struct Wires {
    transport: Rc<dyn Transport>,
    fuse: Rc<Fuse>,
}

impl Transport for Wires {
    fn open(&self, url: &str, events: Sink<SocketEvent>) -> Box<dyn Socket> {
        Box::new(Wire {
            socket: self.transport.open(url, events),
            fuse: self.fuse.clone(),
        })
    }
}

struct Wire {
    socket: Box<dyn Socket>,
    fuse: Rc<Fuse>,
}

impl Socket for Wire {
    fn send(&self, text: &str) {
        if self.fuse.pass() {
            self.socket.send(text);
        }
    }

    fn close(&self) {
        if self.fuse.pass() {
            self.socket.close();
        }
    }
}

struct Tabs {
    pages: Rc<dyn Pages>,
    fuse: Rc<Fuse>,
}

impl Pages for Tabs {
    fn listen(&self, events: Sink<PageEvent>) {
        self.pages.listen(events);
    }

    fn post(&self, page: PageId, bytes: Vec<u8>) {
        if self.fuse.pass() {
            self.pages.post(page, bytes);
        }
    }
}

struct Fused {
    disk: Rc<Disk>,
    fuse: Rc<Fuse>,
    forgets_outbox: bool,
}

impl Depot for Fused {
    fn load(&self) -> Stored<'_, Device> {
        self.disk.load()
    }
    fn put_account(&self, account: AccountRecord) -> Stored<'_, ()> {
        async move {
            self.fuse.live().await;
            self.disk.put_account(account).await?;
            self.fuse.live().await;
            Ok(())
        }
        .boxed_local()
    }
    fn remove_account(&self, id: AccountId) -> Stored<'_, ()> {
        self.disk.remove_account(id)
    }
    fn put_settings(&self, settings: Settings) -> Stored<'_, ()> {
        self.disk.put_settings(settings)
    }
    fn open(&self, id: AccountId) -> Stored<'_, Rc<dyn Store>> {
        async move {
            let store: Rc<dyn Store> = Rc::new(FusedStore {
                store: self.disk.open(id).await?,
                fuse: self.fuse.clone(),
                forgets_outbox: self.forgets_outbox,
            });
            Ok(store)
        }
        .boxed_local()
    }
    fn erase(&self, id: AccountId) -> Stored<'_, ()> {
        self.disk.erase(id)
    }
}

struct FusedStore {
    store: Rc<dyn Store>,
    fuse: Rc<Fuse>,
    forgets_outbox: bool,
}

impl Store for FusedStore {
    fn load(&self) -> Stored<'_, Snapshot> {
        async move {
            let mut held = self.store.load().await?;
            if self.forgets_outbox {
                held.outbox.clear();
            }
            Ok(held)
        }
        .boxed_local()
    }
    fn page(&self, query: PageQuery) -> Stored<'_, Vec<Message>> {
        self.store.page(query)
    }
    fn find(&self, conversation: Address, names: Vec<Name>) -> Stored<'_, Vec<Message>> {
        self.store.find(conversation, names)
    }
    fn count_unread(
        &self,
        conversation: Address,
        after: Option<Position>,
        limit: u32,
    ) -> Stored<'_, u32> {
        self.store.count_unread(conversation, after, limit)
    }
    fn commit(&self, batch: Batch) -> Stored<'_, ()> {
        async move {
            // Before it is written, or after: nobody hears of it.
            self.fuse.live().await;
            self.store.commit(batch).await?;
            self.fuse.live().await;
            Ok(())
        }
        .boxed_local()
    }
}
