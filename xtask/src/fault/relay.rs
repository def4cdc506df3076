//! One connection through a [`super::FaultProxy`]: two readers that take pieces, two writers that let them pass, or not.

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::Watched;
use super::evidence::{Evidence, What};
use super::frames::{Piece, Splitter};
use super::terms::{Door, Ends, Fate, Shape, Terms, Way};
use crate::demo::talk::Chance;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    upstream: u16,
    pub(super) terms: watch::Sender<Terms>,
    pub(super) evidence: Evidence,
    chance: Mutex<Chance>,
}

impl Shared {
    pub(super) fn new(upstream: u16, seed: u64) -> Self {
        Self {
            upstream,
            terms: watch::Sender::new(Terms::default()),
            evidence: Evidence::new(),
            chance: Mutex::new(Chance::new(&format!("network {seed}"))),
        }
    }

    fn judge(&self, connection: u32, way: Way, piece: &Piece) -> Fate {
        let mut fate = Fate::Passes;
        self.terms.send_if_modified(|terms| {
            let before = terms.strikes;
            fate = terms.judge(connection, way, piece.bytes.len(), &piece.text);
            terms.strikes != before
        });
        fate
    }

    /// How long a piece takes beside its own length.
    fn delay(&self, shape: Shape) -> Duration {
        let jitter = u64::try_from(shape.jitter.as_micros()).unwrap_or(u64::MAX);
        if jitter == 0 {
            return shape.latency;
        }
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        shape.latency + Duration::from_micros(chance.below(jitter))
    }
}

/// How a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Over {
    /// We cut it.
    Cut(Ends),
    /// One side ended it in order, and the other side was told all of it.
    Ended(String),
    /// One side reset it.
    Broken(String),
    /// The proxy itself ends.
    Closed,
}

/// Takes connections until the proxy ends.
pub(super) async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let mut terms = shared.terms.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            closed = terms.wait_for(|terms| terms.closed) => {
                drop(closed);
                return;
            }
        };
        // An error here concerns one connection that never was.
        let Ok((near, _)) = accepted else { continue };
        near.set_nodelay(true).ok();
        let mut number = 0;
        shared.terms.send_modify(|terms| {
            terms.opened += 1;
            number = terms.opened;
        });
        shared.evidence.note(number, What::Opened);
        tokio::spawn(connection(near, number, Arc::clone(&shared)));
    }
}

async fn connection(near: TcpStream, number: u32, shared: Arc<Shared>) {
    let mut terms = shared.terms.subscribe();
    let door = {
        let open = terms.wait_for(|terms| terms.door != Door::Silent || terms.closed);
        let Ok(terms) = open.await else { return };
        terms.door
    };
    match door {
        Door::Open | Door::Silent => {}
        Door::Shut => {
            shared.evidence.note(number, What::TurnedAway(0));
            return reset(near);
        }
        Door::Answer(status) => return turn_away(near, number, status, &shared).await,
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, shared.upstream));
    let Ok(far) = TcpStream::connect(address).await else {
        shared.evidence.note(number, What::TurnedAway(0));
        return reset(near);
    };
    far.set_nodelay(true).ok();
    let (mut near, mut far) = (near, far);
    let over = relay(&mut near, &mut far, number, &shared, &mut terms).await;
    shared.evidence.note(
        number,
        match &over {
            Over::Cut(_) | Over::Closed => What::Reset,
            Over::Ended(how) | Over::Broken(how) => What::Ended(how.clone()),
        },
    );
    match over {
        Over::Cut(Ends::Browser) => {
            reset(near);
            // What the server still says goes nowhere. It is not told before we are gone.
            let mut piece = vec![0; 16 * 1024];
            tokio::select! {
                () = async { while far.read(&mut piece).await.is_ok_and(|count| count > 0) {} } => {}
                closed = terms.wait_for(|terms| terms.closed) => drop(closed),
            }
        }
        Over::Cut(Ends::Both) | Over::Broken(_) | Over::Closed => {
            reset(near);
            reset(far);
        }
        Over::Ended(_) => {}
    }
}

/// Ends a connection without a goodbye: the other side gets a RST.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().ok();
    drop(stream);
}

async fn turn_away(mut near: TcpStream, number: u32, status: u16, shared: &Shared) {
    let mut splitter = Splitter::default();
    let mut bytes = vec![0; 4096];
    while let Ok(count @ 1..) = near.read(&mut bytes).await {
        let pieces = splitter.push(bytes.get(..count).unwrap_or_default());
        if pieces.is_empty() {
            continue;
        }
        shared.evidence.note(number, What::TurnedAway(status));
        let answer = format!(
            "HTTP/1.1 {status} Not Now\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
        );
        near.write_all(answer.as_bytes()).await.ok();
        near.shutdown().await.ok();
    }
}

/// Both ways, until it is over.
async fn relay(
    near: &mut TcpStream,
    far: &mut TcpStream,
    number: u32,
    shared: &Shared,
    terms: &mut Watched,
) -> Over {
    let (near_in, near_out) = near.split();
    let (far_in, far_out) = far.split();
    let (up, to_server) = mpsc::unbounded_channel();
    let (down, to_browser) = mpsc::unbounded_channel();
    let (pulse, mut heard) = watch::channel(Instant::now());
    let line = |way| Line {
        number,
        way,
        shared,
        terms: shared.terms.subscribe(),
    };
    let cut = terms.wait_for(|terms| terms.closed || terms.cuts >= number);
    tokio::select! {
        over = line(Way::Up).read(near_in, up, &pulse) => over,
        over = line(Way::Down).read(far_in, down, &pulse) => over,
        over = line(Way::Up).write(far_out, to_server) => over,
        over = line(Way::Down).write(near_out, to_browser) => over,
        () = idle(shared.terms.subscribe(), &mut heard) => Over::Ended("ended: idle".into()),
        cut = cut => match cut {
            Ok(terms) if !terms.closed => Over::Cut(terms.cut_ends),
            _ => Over::Closed,
        },
    }
}

/// Until nothing was heard for as long as is allowed.
async fn idle(mut terms: Watched, heard: &mut watch::Receiver<Instant>) {
    loop {
        let limit = terms.borrow_and_update().idle;
        let last = *heard.borrow_and_update();
        let over = async {
            match limit {
                Some(limit) => sleep_until(last + limit).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = over => return,
            changed = terms.changed() => if changed.is_err() { return pending().await },
            changed = heard.changed() => if changed.is_err() { return pending().await },
        }
    }
}

/// What a reader hands to its writer: a piece and when it is due, or how its side ended.
enum Freight {
    Piece(Instant, Piece),
    End(Over),
}

/// One way of one connection.
struct Line<'a> {
    number: u32,
    way: Way,
    shared: &'a Shared,
    terms: Watched,
}

impl Line<'_> {
    /// Takes pieces until its side ends; what that means is for the writer to say, when all before it has passed.
    async fn read(
        self,
        mut from: ReadHalf<'_>,
        writer: mpsc::UnboundedSender<Freight>,
        pulse: &watch::Sender<Instant>,
    ) -> Over {
        let mut splitter = Splitter::default();
        let mut bytes = vec![0; 64 * 1024];
        // When the piece before is through.
        let mut through = Instant::now();
        loop {
            let who = match self.way {
                Way::Up => "the browser",
                Way::Down => "the server",
            };
            let end = match from.read(&mut bytes).await {
                Ok(0) => Over::Ended(format!("ended by {who}")),
                Err(why) => Over::Broken(format!("broken by {who}: {why}")),
                Ok(count) => {
                    let now = Instant::now();
                    pulse.send_replace(now);
                    let shape = *self.terms.borrow().shapes.of(self.way);
                    for mut piece in splitter.push(bytes.get(..count).unwrap_or_default()) {
                        readable(&mut piece);
                        through = through.max(now + self.shared.delay(shape));
                        if let Some(rate) = shape.bandwidth {
                            let length = u32::try_from(piece.bytes.len()).unwrap_or(u32::MAX);
                            through += Duration::from_secs(1) * length / rate.max(1);
                        }
                        writer.send(Freight::Piece(through, piece)).ok();
                    }
                    continue;
                }
            };
            writer.send(Freight::End(end)).ok();
            return pending().await;
        }
    }

    async fn write(
        mut self,
        mut to: WriteHalf<'_>,
        mut pieces: mpsc::UnboundedReceiver<Freight>,
    ) -> Over {
        while let Some(freight) = pieces.recv().await {
            if let Freight::Piece(due, _) = &freight {
                sleep_until(*due).await;
            }
            let way = self.way;
            let flows = self.terms.wait_for(|terms| !*terms.stalled.of(way));
            if flows.await.is_err() {
                return Over::Closed;
            }
            let piece = match freight {
                Freight::Piece(_, piece) => piece,
                // A black hole swallows that, too.
                Freight::End(_) if self.number <= *self.terms.borrow().holes.of(way) => break,
                Freight::End(end) => {
                    if matches!(end, Over::Ended(_)) {
                        to.shutdown().await.ok();
                    }
                    return end;
                }
            };
            let length = piece.bytes.len();
            match self.shared.judge(self.number, way, &piece) {
                Fate::Passes => {
                    // Its end is told by the reader of that side.
                    self.pass(&mut to, &piece.bytes).await.ok();
                    self.note(What::Passed(way, piece.text));
                }
                Fate::IsSwallowed => self.note(What::Lost(way, piece.text)),
                Fate::IsTorn(bytes, ends) => {
                    let passing = piece.bytes.get(..bytes).unwrap_or_default();
                    self.pass(&mut to, passing).await.ok();
                    self.note(if bytes == length {
                        What::Passed(way, piece.text)
                    } else {
                        What::Torn(way, piece.text, bytes)
                    });
                    return Over::Cut(ends);
                }
            }
        }
        pending().await
    }

    async fn pass(&self, to: &mut WriteHalf<'_>, bytes: &[u8]) -> std::io::Result<()> {
        let slice = self.terms.borrow().shapes.of(self.way).slice;
        for some in bytes.chunks(slice.unwrap_or(usize::MAX).max(1)) {
            // A side that does not read must not keep a cut from coming.
            match timeout(Duration::from_secs(60), to.write_all(some)).await {
                Ok(written) => written?,
                Err(_) => return Ok(()),
            }
            if slice.is_some() {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    fn note(&self, what: What) {
        self.shared.evidence.note(self.number, what);
    }
}

/// Frames that are compressed could not be read: nobody is offered that.
fn readable(piece: &mut Piece) {
    const OFFER: &str = "sec-websocket-extensions:";
    if !piece.text.starts_with("GET ") {
        return;
    }
    let lines = piece.text.split("\r\n");
    let kept: Vec<&str> = lines
        .filter(|line| !line.to_ascii_lowercase().starts_with(OFFER))
        .collect();
    piece.text = kept.join("\r\n");
    piece.bytes = format!("{}\r\n\r\n", piece.text).into_bytes();
}
