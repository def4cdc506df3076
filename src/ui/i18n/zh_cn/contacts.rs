//! 简体中文: the list of contacts, and requests.

use crate::ui::i18n::contacts::Contacts;
use crate::ui::i18n::{Fill, Fill2};

pub const CONTACTS: Contacts = Contacts {
    contacts: "联系人",
    no_group: "未分组",
    of: Fill2("{0}/{1}"),
    empty_title: "还没有联系人",
    empty_text: "用 XMPP 地址添加联系人，就能看到他们是否在线。",
    add_contact: "添加联系人",
    nobody_found: "没有找到。",

    online: "在线",
    free_to_chat: "欢迎聊天",
    away: "离开",
    extended_away: "长时间离开",
    do_not_disturb: "请勿打扰",
    offline: "离线",
    unknown: "状态未知",
    said: Fill2("{0} · {1}"),
    last_seen: Fill("最后上线：{}"),
    asked: "对方尚未接受",

    requests: "请求",
    request_means: Fill("{} 想看到您何时在线。"),
    accept: "接受",
    decline: "拒绝",

    address: "XMPP 地址",
    name: "名称",
    group: "分组",
    optional: "（可选）",
    add_to_contacts: "添加到联系人",
    adding_means: "系统会请求对方允许您看到其在线状态，之后对方也能看到您的。",
    start: "开始",
};
