//! The client against real servers, through the native ports: the same tests on Prosody and on ejabberd.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod evidence;
mod fast;
mod gaps;
mod outages;
mod person;

use std::sync::Arc;

use outages::{
    a_cut_session_is_resumed_as_soon_as_the_network_is_back, a_frame_that_is_torn_costs_no_message,
    a_frozen_server_is_noticed_in_time, a_password_changed_meanwhile_is_asked_for_once,
    an_upgrade_that_is_refused_is_tried_again_and_not_too_often,
    who_is_banned_is_told_and_stays_away, who_is_kicked_comes_back_once,
};

use evidence::assert_same;
use person::{Person, until};
use waxwing::boundary::change::{Change, Reply};
use waxwing::boundary::command::AccountCommand;
use waxwing::entity::contact::Subscription;
use waxwing::entity::message::{Delivery, Direction};
use waxwing::entity::presence::{Availability, OwnPresence};
use waxwing::entity::problem::Problem;
use xtask::ejabberd::{self, Ejabberd};
use xtask::foreign::Foreign;
use xtask::prosody::{self, Prosody};

const PASSWORD: &str = "wherefore art thou";

/// A server of the test's own.
trait Server: Send + Sync + 'static {
    /// Whether what comes while a session is resumed reaches it in the order in which it was archived.
    const HANDS_OVER_IN_ORDER: bool;
    /// Whether a message comes back that a session had not confirmed which ended before its first question to the archive.
    const RETURNS_WHAT_IS_ARCHIVED: bool;
    fn url(&self) -> String;
    fn register(&self, user: &str);
    fn restart(&mut self);
    /// As `systemctl stop` would.
    fn stop(&mut self);
    fn freeze(&self);
    fn thaw(&self);
    /// The port and the path of its WebSocket.
    fn place(&self) -> (u16, String);
    /// Ends the sessions of an account, as an administrator does.
    fn kick(&self, user: &str);
    fn change_password(&self, user: &str, password: &str);
    /// A foreign client of somebody, online.
    fn foreign(&self, user: &str) -> Foreign;
    /// Lets the archived messages of an account have come at these times, in seconds since 1970.
    fn date_archive(&mut self, user: &str, times: &[i64]);
    /// The account cannot be used any more.
    fn ban(&self, user: &str);
}

/// What both have in common.
macro_rules! ends {
    ($software:ident) => {
        fn restart(&mut self) {
            $software::restart(self).unwrap();
        }
        fn stop(&mut self) {
            $software::stop(self);
        }
        fn freeze(&self) {
            $software::freeze(self);
        }
        fn thaw(&self) {
            $software::thaw(self);
        }
        fn place(&self) -> (u16, String) {
            let url = Server::url(self);
            let path = url.splitn(4, '/').nth(3).unwrap();
            (self.http_port, format!("/{path}"))
        }
        fn foreign(&self, user: &str) -> Foreign {
            Foreign::log_in(&format!("{user}@localhost"), PASSWORD, self.c2s_port)
        }
        fn date_archive(&mut self, user: &str, times: &[i64]) {
            $software::date_archive(self, user, times).unwrap();
        }
    };
}

impl Server for Prosody {
    const HANDS_OVER_IN_ORDER: bool = true;
    const RETURNS_WHAT_IS_ARCHIVED: bool = true;
    fn url(&self) -> String {
        self.ws_url()
    }
    fn register(&self, user: &str) {
        Prosody::register(self, user, PASSWORD).unwrap();
    }
    ends!(Prosody);
    fn kick(&self, user: &str) {
        let who = prosody::quote(&format!("{user}@localhost"));
        self.shell(&format!("c2s:close({who}, \"bye\", \"conflict\")"))
            .unwrap();
    }
    fn change_password(&self, user: &str, password: &str) {
        let who = prosody::quote(&format!("{user}@localhost"));
        let password = prosody::quote(password);
        self.shell(&format!("user:password({who}, {password})"))
            .unwrap();
    }
    fn ban(&self, user: &str) {
        let who = prosody::quote(&format!("{user}@localhost"));
        self.shell(&format!("user:delete({who})")).unwrap();
    }
}

impl Server for Ejabberd {
    /// What still waits for the old session's process when the new one has begun, ejabberd 23.01 sends after what came
    /// later, with archive ids that say so.
    const HANDS_OVER_IN_ORDER: bool = false;
    const RETURNS_WHAT_IS_ARCHIVED: bool = false;
    fn url(&self) -> String {
        self.ws_url()
    }
    fn register(&self, user: &str) {
        Ejabberd::register(self, user, PASSWORD).unwrap();
    }
    ends!(Ejabberd);
    fn kick(&self, user: &str) {
        let of = format!(r#""user":"{user}","host":"localhost""#);
        let sessions = self.shell("user_resources", &format!("{{{of}}}")).unwrap();
        let resource = sessions.split('"').nth(1).expect("a session");
        let session = format!(r#"{{{of},"resource":"{resource}","reason":"bye"}}"#);
        self.shell("kick_session", &session).unwrap();
    }
    fn change_password(&self, user: &str, password: &str) {
        let new = format!(r#"{{"user":"{user}","host":"localhost","newpass":"{password}"}}"#);
        self.shell("change_password", &new).unwrap();
    }
    fn ban(&self, user: &str) {
        let who = format!(r#"{{"user":"{user}","host":"localhost","reason":"bye"}}"#);
        self.shell("ban_account", &who).unwrap();
    }
}

/// Does something to a server that takes a while, and lets all clients go on meanwhile: who is not there for seconds may take
/// a good connection for dead.
async fn aside<S: Server>(server: &Arc<S>, act: impl FnOnce(&S) + Send + 'static) {
    let server = Arc::clone(server);
    let done = tokio::task::spawn_blocking(move || act(&server)).await;
    done.unwrap();
}

macro_rules! on_both {
    ($($name:ident)*) => {
        mod prosody_ {
            $(#[test] fn $name() {
                let server = super::Prosody::start(super::prosody::Options::default()).unwrap();
                super::person::run(super::$name(server));
            })*
        }
        mod ejabberd_ {
            $(#[test] fn $name() {
                let server = super::Ejabberd::start(super::ejabberd::Options::default()).unwrap();
                super::person::run(super::$name(server));
            })*
        }
    };
}

on_both! {
    a_wrong_password_is_told_as_such
    two_people_become_contacts_and_talk
    a_restarted_server_is_found_again
    all_devices_see_both_sides_of_a_conversation
    what_was_missed_is_there_once_and_in_order
    what_is_read_on_one_device_is_read_on_the_other
    a_frozen_server_is_noticed_in_time
    a_cut_session_is_resumed_as_soon_as_the_network_is_back
    a_frame_that_is_torn_costs_no_message
    an_upgrade_that_is_refused_is_tried_again_and_not_too_often
    who_is_kicked_comes_back_once
    a_password_changed_meanwhile_is_asked_for_once
    who_is_banned_is_told_and_stays_away
}

mod prosody_alone {
    use super::{Prosody, outages, person, prosody};

    #[test]
    fn a_server_that_is_stopped_in_a_burst_loses_nothing() {
        let server = Prosody::start(prosody::Options::default()).unwrap();
        person::run(outages::a_server_that_is_stopped_in_a_burst_loses_nothing(
            server,
        ));
    }
}

async fn a_wrong_password_is_told_as_such(server: impl Server) {
    server.register("romeo");
    let mut romeo = Person::new("romeo");
    let refused = romeo.log_in(&server.url(), "wrong").await;
    assert_eq!(refused, Err(Problem::WrongPassword));
    // And the right one works after it.
    assert!(romeo.log_in(&server.url(), PASSWORD).await.is_ok());
}

async fn two_people_become_contacts_and_talk(server: impl Server) {
    server.register("romeo");
    server.register("juliet");
    let mut romeo = Person::new("romeo");
    let mut juliet = Person::new("juliet");
    romeo.log_in(&server.url(), PASSWORD).await.unwrap();
    juliet.log_in(&server.url(), PASSWORD).await.unwrap();

    let add = AccountCommand::AddContact {
        address: "Juliet@localhost".into(),
        name: Some("Juliet".into()),
        groups: vec!["Capulet".into()],
        text: None,
    };
    let added = romeo.ask(add).await;
    assert_eq!(added, Ok(Reply::Address(juliet.address())));
    let from_romeo = romeo.address();
    juliet
        .until("romeo's request", |change| match change {
            Change::Requests { all, .. } => all.iter().any(|ask| ask.address == from_romeo),
            _ => false,
        })
        .await;
    let accept = AccountCommand::AcceptSubscription {
        address: romeo.address(),
        also_ask: true,
    };
    juliet.tell(accept);
    romeo.until_request_of(&juliet).await;
    romeo.tell(AccountCommand::AcceptSubscription {
        address: juliet.address(),
        also_ask: false,
    });
    let row = romeo.until_contact(&juliet, Subscription::Both).await;
    assert_eq!(row.name, "Juliet");
    assert_eq!(row.groups, ["Capulet"]);
    juliet.until_contact(&romeo, Subscription::Both).await;

    juliet.tell(AccountCommand::SetPresence(OwnPresence {
        availability: Availability::Away,
        status: Some("on the balcony".into()),
    }));
    romeo
        .until_presence(&juliet, Availability::Away, Some("on the balcony"))
        .await;

    juliet.watch(&romeo);
    romeo.watch(&juliet);
    let text = "But soft! <&> \u{1f339} 爱";
    romeo.say(&juliet, text).await;
    let heard = juliet.until_message(text).await;
    assert_eq!(heard.direction, Direction::Incoming);
    let said = romeo.until_delivery(text, &Delivery::Sent).await;
    assert_eq!(said.direction, Direction::Outgoing);
    juliet.say(&romeo, "O Romeo").await;
    romeo.until_message("O Romeo").await;
}

async fn a_restarted_server_is_found_again(mut server: impl Server) {
    server.register("romeo");
    server.register("juliet");
    let mut romeo = Person::new("romeo");
    let mut juliet = Person::new("juliet");
    romeo.log_in(&server.url(), PASSWORD).await.unwrap();
    juliet.log_in(&server.url(), PASSWORD).await.unwrap();
    juliet.watch(&romeo);
    server.restart();
    romeo.until_offline().await;
    // Said while there is no connection: it waits, and arrives once.
    romeo.say(&juliet, "Art thou gone?").await;
    romeo.until_online().await;
    juliet.until_message("Art thou gone?").await;
    romeo.say(&juliet, "Love, lord").await;
    juliet.until_message("Love, lord").await;
    assert_eq!(juliet.count("Art thou gone?"), 1);
}

/// Romeo on two devices, and juliet, all of them online.
async fn two_devices_and_juliet(server: &impl Server) -> [Person; 3] {
    server.register("romeo");
    server.register("juliet");
    let mut people = ["romeo", "romeo", "juliet"].map(Person::new);
    for person in &mut people {
        person.log_in(&server.url(), PASSWORD).await.unwrap();
    }
    people
}

async fn all_devices_see_both_sides_of_a_conversation(server: impl Server) {
    let [mut romeo, mut phone, mut juliet] = two_devices_and_juliet(&server).await;
    romeo.watch(&juliet);
    phone.watch(&juliet);
    juliet.watch(&romeo);

    // XEP-0280, both directions, and no message twice anywhere.
    phone.say(&juliet, "from the phone").await;
    juliet.until_message("from the phone").await;
    let copy = romeo.until_message("from the phone").await;
    assert_eq!(
        (copy.direction, copy.delivery),
        (Direction::Outgoing, Delivery::Sent)
    );
    juliet.say(&romeo, "to all of them").await;
    for person in [&mut romeo, &mut phone] {
        let heard = person.until_message("to all of them").await;
        assert_eq!(heard.direction, Direction::Incoming);
    }
    // What comes after them shows that nothing more comes of them.
    romeo.say(&juliet, "the end").await;
    phone.until_message("the end").await;
    romeo.until_delivery("the end", &Delivery::Sent).await;
    for person in [&romeo, &phone] {
        for body in ["from the phone", "to all of them", "the end"] {
            assert_eq!(person.count(body), 1, "{body}");
        }
    }
}

async fn what_was_missed_is_there_once_and_in_order(server: impl Server) {
    // Together more than two pages of the archive.
    const EACH: u32 = 120;
    let mut people = Vec::new();
    for user in ["romeo", "juliet", "benvolio"] {
        server.register(user);
        people.push(Person::new(user));
    }
    let [mut romeo, mut juliet, mut benvolio] = <[_; 3]>::try_from(people).ok().unwrap();
    let mut phone = Person::new("romeo");
    for person in [&mut romeo, &mut juliet, &mut benvolio] {
        person.log_in(&server.url(), PASSWORD).await.unwrap();
    }
    juliet.watch(&romeo);
    juliet.say(&romeo, "juliet 0").await;
    romeo.until_unread(&juliet, 1).await;
    romeo.log_out().await;
    // Another device is there: the server keeps nothing for this one but what it archives.
    phone.log_in(&server.url(), PASSWORD).await.unwrap();
    phone.watch(&benvolio);
    for number in 1..=EACH {
        juliet.say(&romeo, &format!("juliet {number}")).await;
        benvolio.say(&romeo, &format!("benvolio {number}")).await;
    }
    phone.until_message(&format!("benvolio {EACH}")).await;
    // What is on its way to a device that leaves is archived, but who knows when.
    phone.until_latest(&juliet, &format!("juliet {EACH}")).await;
    phone.say(&benvolio, "answer").await;
    phone.until_delivery("answer", &Delivery::Sent).await;
    phone.log_out().await;
    romeo.log_in(&server.url(), PASSWORD).await.unwrap();
    romeo.until_unread(&juliet, EACH + 1).await;
    romeo.until_unread(&benvolio, 0).await;
    // From now on it keeps all of it, and tells it besides.
    romeo.log_out().await;
    for number in 1..=EACH {
        juliet.say(&romeo, &format!("again {number}")).await;
    }
    juliet.say(&romeo, "the end").await;
    juliet.until_delivery("the end", &Delivery::Sent).await;
    romeo.log_in(&server.url(), PASSWORD).await.unwrap();
    romeo.until_unread(&juliet, 2 * EACH + 2).await;
    romeo.log_out().await;
    romeo.log_in(&server.url(), PASSWORD).await.unwrap();
    romeo.until_unread(&juliet, 2 * EACH + 2).await;

    let said = |who: &'static str, from: u32| (from..=EACH).map(move |n| format!("{who} {n}"));
    let of_juliet: Vec<_> = said("juliet", 0)
        .chain(said("again", 1))
        .chain(["the end".to_owned()])
        .collect();
    let of_benvolio: Vec<_> = said("benvolio", 1).chain(["answer".to_owned()]).collect();
    // What is left of a gap comes after the newest.
    until("all that was missed", async || {
        romeo.stored(&juliet).await.len() >= of_juliet.len()
            && romeo.stored(&benvolio).await.len() >= of_benvolio.len()
    })
    .await;
    assert_same("of juliet", &romeo.stored(&juliet).await, &of_juliet);
    assert_same("of benvolio", &romeo.stored(&benvolio).await, &of_benvolio);
}

async fn what_is_read_on_one_device_is_read_on_the_other(server: impl Server) {
    let [mut romeo, mut phone, mut juliet] = two_devices_and_juliet(&server).await;
    for body in ["one", "two"] {
        juliet.say(&romeo, body).await;
    }
    romeo.until_row(&juliet, "two", 2).await;
    phone.until_row(&juliet, "two", 2).await;
    romeo.read(&juliet, "one").await;
    romeo.until_row(&juliet, "two", 1).await;
    phone.until_row(&juliet, "two", 1).await;
    // And the reverse.
    phone.read(&juliet, "two").await;
    phone.until_row(&juliet, "two", 0).await;
    romeo.until_row(&juliet, "two", 0).await;
    // What was read while one of them was away, it learns with what it missed.
    phone.log_out().await;
    for body in ["three", "four", "five"] {
        juliet.say(&romeo, body).await;
    }
    romeo.until_row(&juliet, "five", 3).await;
    romeo.watch(&juliet);
    romeo.read(&juliet, "four").await;
    // What is read last is told before the session ends.
    romeo.log_out().await;
    // The server reads that at its own pace, and has when somebody has logged in to it meanwhile.
    server.foreign("romeo").sync();
    phone.log_in(&server.url(), PASSWORD).await.unwrap();
    phone.until_row(&juliet, "five", 1).await;
    phone.read(&juliet, "five").await;
    romeo.log_in(&server.url(), PASSWORD).await.unwrap();
    romeo.until_row(&juliet, "five", 0).await;
}
