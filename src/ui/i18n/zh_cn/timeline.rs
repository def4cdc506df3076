//! Simplified Chinese: messages.

use crate::ui::i18n::timeline::Timeline;
use crate::ui::i18n::{Count, Fill2, Locale};

pub const TIMELINE: Timeline = Timeline {
    messages: "消息",
    you: "我",
    new_messages: "新消息",
    sending: "正在发送",
    sent: "已发送",
    delivered: "已送达",
    read: "已读",
    failed: "发送失败",
    delayed: "等待中",
    delayed_hint: "服务器要求稍候，稍后会自动重新发送。",
    perhaps_arrived: "对方可能仍已收到。",
    delete: "删除",
    show_more: "显示更多",
    gap: "此处可能缺少部分消息。",
    gap_load: "加载缺少的消息",
    gap_loading: "正在加载缺少的消息…",
    gap_filled: "缺少的消息已加载。",
    gap_lost: "此处可能缺少部分消息：服务器上已没有这些消息。",
    beginning: "对话从这里开始。",
    empty: "还没有消息",
    empty_hint: "打个招呼吧，您写的内容会显示在这里。",
    jump: "跳到最新消息",
    to_date: "跳到日期…",
    date: "日期",
    show: "显示",
    other_day: Fill2("{0}没有消息，之后最近的消息是{1}的。"),
    no_later_day: "当天及之后都没有消息。",
    no_date: "请选择今天或更早的日期。",
    unread: Count {
        locale: Locale::ZhCn,
        one: "",
        other: "{} 条未读",
    },
};
