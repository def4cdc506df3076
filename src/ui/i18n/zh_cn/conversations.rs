//! 简体中文: the list of conversations.

use crate::ui::i18n::conversations::Conversations;
use crate::ui::i18n::{Count, Locale};

pub const CONVERSATIONS: Conversations = Conversations {
    conversations: "会话",
    new_conversation: "新会话",
    settings: "设置",
    search: "搜索",
    lists: "列表",
    draft: "草稿：",
    you: "我：",
    unread: Count {
        locale: Locale::ZhCn,
        one: "",
        other: "{} 条未读",
    },
    nothing_found: "没有找到。",
    empty_title: "还没有会话",
    empty_text: "给别人发条消息吧：只需要对方的 XMPP 地址。",
    start_one: "开始会话",
};
