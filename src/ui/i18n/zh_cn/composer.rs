//! Simplified Chinese: writing, and the emoji picker.

use crate::ui::i18n::composer::Composer;

pub const COMPOSER: Composer = Composer {
    message: "消息",
    placeholder: "写消息",
    send: "发送",
    emoji: "表情",

    search: "搜索表情",
    nothing_found: "没有找到这个表情",
    recent: "最近使用",
    groups: [
        "笑脸",
        "人物",
        "动物与自然",
        "食物与饮料",
        "旅行与地点",
        "活动",
        "物品",
        "符号",
        "旗帜",
    ],
    no_emoji: "无法加载表情列表。",
};
