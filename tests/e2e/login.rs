//! Logging in, and being told why not.

use crate::world::World;

#[test]
fn a_wrong_password_is_said_beside_the_form_and_the_right_one_logs_in() {
    let world = World::new();
    let browser = world.browser();
    world.log_in(&browser, "romeo", "not the password");
    let alert = browser.find("alert", "^");
    assert!(
        alert.text().to_lowercase().contains("password"),
        "{}",
        alert.text()
    );

    let password = browser.find("textbox", "Password");
    password.clear();
    password.enter(crate::world::PASSWORD);
    browser.find("button", "Log in").click();
    browser.status("Online");
}
