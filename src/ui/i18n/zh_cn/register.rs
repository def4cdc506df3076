//! Simplified Chinese: making an account.

use crate::ui::i18n::register::Register;

pub const REGISTER: Register = Register {};
