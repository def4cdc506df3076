//! Every variant of every enum that is stored, as each released version wrote it: a variant is stored by its place in its
//! enum, so one that is put in before another, or taken out, is found here.

use super::schema::{RECORD, Record, read, write};
use super::suite::released::{self, RELEASED, bytes};
use crate::entity::contact::Subscription;
use crate::entity::conversation::History;
use crate::entity::message::{Delivery, Direction};
use crate::entity::presence::Availability;
use crate::entity::problem::Problem;
use crate::entity::settings::Theme;

/// All variants of an enum, each with its bytes. Without one of them it does not compile.
macro_rules! every {
    ($kind:ident: $($variant:ident $(($($of:expr),*))? $({ $($field:ident: $is:expr),* })? => $bytes:literal,)*) => {{
        let _is_listed = |it: &$kind| match it {
            $($kind::$variant { .. } => (),)*
        };
        vec![$(($kind::$variant $(($($of),*))? $({ $($field: $is),* })?, $bytes.to_owned())),*]
    }};
}

/// A row in which some of what a version wrote is replaced reads as what it is to be; and is what this build writes, if that
/// is the version.
fn is_so<T: Record + PartialEq + std::fmt::Debug>(version: u8, row: &str, record: &T) {
    assert_eq!(read::<T>(&bytes(row)).as_ref(), Ok(record), "{row}");
    if version == RECORD {
        assert_eq!(write(record), bytes(row), "{record:?}");
    }
}

/// The row with the last occurrence of something replaced.
fn with(row: &str, old: &str, new: &str) -> String {
    let (before, after) = row.rsplit_once(old).unwrap();
    format!("{before}{new}{after}")
}

fn problems() -> Vec<(Problem, String)> {
    let text = || "t".to_owned();
    every!(Problem:
        InvalidAddress => "00",
        InsecureWebSocket => "01",
        InvalidWebSocket => "02",
        ServerNotAllowed(text()) => "030174",
        ServerNotFound { domain: text() } => "040174",
        NotXmpp { url: text() } => "050174",
        ConnectionLost => "06",
        NoNetwork => "07",
        Timeout => "08",
        WrongPassword => "09",
        AccountDisabled => "0a",
        CredentialsExpired => "0b",
        PasswordNeeded => "0c",
        PasswordLost => "0d",
        NoCommonMechanism(vec![text()]) => "0e010174",
        Downgrade => "0f",
        ServerNotAuthentic => "10",
        EncryptionRequired => "11",
        TemporaryAuthFailure => "12",
        PasswordNotAllowed => "13",
        AuthFailed { condition: text(), text: Some(text()) } => "140174010174",
        AlreadyLoggedIn => "15",
        SystemShutdown => "16",
        Conflict => "17",
        PolicyViolation(Some(text())) => "18010174",
        ServerFull => "19",
        HostUnknown(text()) => "1a0174",
        UnsafeRedirect(text()) => "1b0174",
        StreamError { condition: text(), text: None } => "1c017400",
        Offline => "1d",
        Refused { condition: text(), text: Some(text()) } => "1e0174010174",
        RemoteServerUnreachable => "1f",
        NoSuchContact => "20",
        TooLong => "21",
        Unsupported => "22",
        RegistrationClosed => "23",
        NameTaken => "24",
        TooFast => "25",
        NotAcceptable(None) => "2600",
        NoStorage => "27",
        StorageFull => "28",
        NotRemoved => "29",
        Internal => "2a",
        OfferTampered => "2b",
        LeftBehind => "2c",
        Fruitless => "2d",
    )
}

fn deliveries() -> Vec<(Delivery, String)> {
    let mut deliveries = every!(Delivery:
        Sending => "00",
        Sent => "01",
        Delivered => "02",
        Read => "03",
        Failed(Problem::InvalidAddress) => "0400",
        Delayed(Problem::InvalidAddress) => "0500",
    );
    for (problem, bytes) in problems() {
        deliveries.push((Delivery::Failed(problem.clone()), format!("04{bytes}")));
        deliveries.push((Delivery::Delayed(problem), format!("05{bytes}")));
    }
    deliveries
}

#[test]
fn every_delivery_and_direction_of_a_message_is_read() {
    let directions = every!(Direction: Incoming => "00", Outgoing => "01",);
    for old in RELEASED {
        let (rest, _delivered) = old.message.split_at(old.message.len() - 2);
        for (delivery, bytes) in deliveries() {
            let mut message = released::message();
            message.delivery = delivery;
            is_so(old.version, &format!("{rest}{bytes}"), &message);
        }
        for (direction, bytes) in &directions {
            let mut message = released::message();
            message.direction = *direction;
            let row = with(
                old.message,
                "0182a0abfef962",
                &format!("{bytes}82a0abfef962"),
            );
            is_so(old.version, &row, &message);
        }
    }
}

#[test]
fn every_history_of_a_conversation_is_read() {
    let histories = every!(History:
        Unknown => "00",
        Before("x".to_owned()) => "010178",
        Complete => "02",
        Unsupported => "03",
    );
    for old in RELEASED {
        for (history, bytes) in &histories {
            let mut conversation = released::conversation();
            conversation.history = history.clone();
            let row = with(old.conversation, "010178", bytes);
            is_so(old.version, &row, &conversation);
        }
    }
}

#[test]
fn every_subscription_of_a_contact_is_read() {
    let subscriptions = every!(Subscription:
        None => "00",
        To => "01",
        From => "02",
        Both => "03",
    );
    for old in RELEASED {
        for (subscription, bytes) in &subscriptions {
            let mut chunk = released::chunk();
            chunk.contacts[0].subscription = *subscription;
            let row = with(old.chunk, "0300", &format!("{bytes}00"));
            is_so(old.version, &row, &chunk);
        }
    }
}

#[test]
fn every_availability_and_every_theme_is_read() {
    let availabilities = every!(Availability:
        Unknown => "00",
        Offline => "01",
        ExtendedAway => "02",
        Away => "03",
        DoNotDisturb => "04",
        Online => "05",
        FreeToChat => "06",
    );
    let themes = every!(Theme:
        System => "00",
        Light => "01",
        Dark => "02",
        Contrast => "03",
    );
    for old in RELEASED {
        for (availability, bytes) in &availabilities {
            let mut presence = released::presence();
            presence.availability = *availability;
            let row = with(old.presence, "03010173", &format!("{bytes}010173"));
            is_so(old.version, &row, &presence);
        }
        for (theme, bytes) in &themes {
            let mut settings = released::settings();
            settings.theme = *theme;
            let row = with(old.settings, "020102656e", &format!("{bytes}0102656e"));
            is_so(old.version, &row, &settings);
        }
    }
}
