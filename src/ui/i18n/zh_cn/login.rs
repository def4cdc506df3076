//! Simplified Chinese: logging in.

use crate::ui::i18n::login::Login;

pub const LOGIN: Login = Login {};
