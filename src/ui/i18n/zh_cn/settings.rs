//! 简体中文: settings, and logging out.

use crate::ui::i18n::settings::Settings;

pub const SETTINGS: Settings = Settings {
    settings: "设置",
    availability: "在线状态",
    invisible: "隐身",
    status: "状态说明",
    status_hint: "联系人能看到的几句话。",
    log_out: "退出登录",
    log_out_means: "免密码登录所用的密钥将从此浏览器中删除。",
    erase: "同时删除此浏览器中的所有消息",
    appearance: "外观",
    theme: "配色",
    as_system: "跟随系统",
    light: "浅色",
    dark: "深色",
    contrast: "高对比度",
    language: "语言",
    as_browser: "跟随浏览器",
    notifications: "通知",
    desktop_notifications: "桌面通知",
    desktop_notifications_hint: "有人发来消息而您没有在看时提醒您。",
    notifications_refused: "浏览器不允许。请在浏览器设置中允许本页面发送通知。",
    preview: "显示消息内容",
    preview_hint: "否则只显示是谁发来的。",
    help: "帮助",
    diagnostics: "诊断",
    diagnostics_hint: "连接状态、日志、XML 控制台。",
};
