//! Contacts: finding, accepting, renaming, removing, and who is online.

use serde_json::json;

use crate::world::World;

#[test]
fn a_contact_is_added_accepted_renamed_and_removed() {
    let world = World::new();
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in("romeo");

    browser.find("button", "New conversation").click();
    browser
        .find("textbox", "XMPP address")
        .enter(&world.address("juliet"));
    let add = browser.find("checkbox", "Add to my contacts");
    if add.run("return arguments[0].checked") != json!(true) {
        add.click();
    }
    browser.find("button", "Start").click();
    juliet.wait("the request", |event| event["event"] == "subscribe");
    juliet.tell(json!({"do": "subscribed", "to": world.address("romeo")}));
    juliet.tell(json!({"do": "presence", "show": "dnd", "status": "on the balcony"}));
    browser.find("heading", "juliet");

    browser.find("button", "^Contacts").click();
    browser.find("link", "^juliet, Do not disturb$");

    let details = format!(
        "#/{}/{}/details",
        world.address("romeo"),
        world.address("juliet")
    );
    browser.run("location.hash = arguments[0]", json!([details]));
    browser.find("button", "Edit contact").click();
    let name = browser.find("textbox", "Name");
    name.clear();
    name.enter("Juliet Capulet");
    browser.find("textbox", "Groups").enter("Verona");
    browser.find("button", "Save").click();
    browser.find("link", "^Juliet Capulet, Do not disturb$");
    browser.find("button", "^Verona");

    browser.find("button", "Remove contact").click();
    browser
        .find("dialog", "^Remove Juliet Capulet")
        .find("button", "Remove contact")
        .click();
    browser.gone("link", "^Juliet Capulet,");
    juliet.wait("the end of the subscription", |event| {
        event["event"] == "unsubscribe" || event["event"] == "unsubscribed"
    });
}

#[test]
fn a_request_is_shown_in_plain_words_and_accepted() {
    let world = World::new();
    let mut mallory = world.foreign("mallory");
    let browser = world.logged_in("romeo");
    mallory.tell(json!({"do": "subscribe", "to": world.address("romeo")}));
    browser.find("button", "^Contacts").click();
    let requests = browser.find("region", "Requests");
    assert!(
        requests.text().contains("wants to see when you are online"),
        "{}",
        requests.text()
    );
    requests.find("button", "Accept").click();
    mallory.wait("being accepted", |event| event["event"] == "subscribed");
    browser.gone("region", "Requests");
}

#[test]
fn a_request_that_is_declined_shows_nothing_of_us() {
    let world = World::new();
    let mut mallory = world.foreign("mallory");
    let browser = world.logged_in("romeo");
    mallory.tell(json!({"do": "subscribe", "to": world.address("romeo")}));
    browser.find("button", "^Contacts").click();
    browser.find("button", "Decline").click();
    mallory.wait("being declined", |event| event["event"] == "unsubscribed");
    browser.gone("region", "Requests");
}
