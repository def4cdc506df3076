//! 简体中文: diagnostics: connection, log, XML console.

use crate::ui::i18n::diagnostics::Diagnostics;

pub const DIAGNOSTICS: Diagnostics = Diagnostics {
    diagnostics: "诊断",
    connection: "连接",
    log: "日志",
    console: "XML 控制台",
    clear: "清空",
    export: "导出",
    build: "版本",
    account: "账号",
    state: "状态",
    websocket: "WebSocket",
    mechanism: "验证方式",
    session: "会话",
    features: "服务器功能",
    idle: "未连接",
    discovering: "正在寻找服务器",
    opening: "正在打开连接",
    authenticating: "正在登录",
    starting: "正在开始会话",
};
