//! Simplified Chinese: desktop notifications.

use crate::ui::i18n::notify::Notify;

pub const NOTIFY: Notify = Notify {
    offer: "您不在时收到了一条消息。下次要通知您吗？",
    turn_on: "打开通知",
    not_now: "暂不",
    refused: "浏览器不允许在此显示通知。您可以在浏览器的网站设置中更改。",
    new_message: "新消息",
};
