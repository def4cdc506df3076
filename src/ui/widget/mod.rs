//! Small parts that know nothing of chat: what several screens are made of.

pub mod alert;
pub mod attempt;
pub mod avatar;
pub mod dialog;
pub mod icon;
pub mod icon_button;
pub mod presence_dot;
pub mod problem;
pub mod toast;
pub mod virtual_list;
