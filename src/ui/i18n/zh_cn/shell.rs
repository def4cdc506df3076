//! Simplified Chinese: the frame: connection, navigation, shortcuts.

use crate::ui::i18n::shell::Shell;
use crate::ui::i18n::{Count, Fill, Locale};

pub const SHELL: Shell = Shell {
    navigation: "主导航",
    accounts: "账号",
    details: "详情",

    network: "网络",
    online: "在线",
    connecting: "正在连接…",
    retry_in: Count {
        locale: Locale::ZhCn,
        one: "",
        other: "离线，{} 秒后重试",
    },
    offline: "离线",
    retry_now: "立即重试",
    changed_on_purpose: "如果服务器是有意更改的，请退出登录后重新登录。",
    connect: "连接",
    restarting: "Waxwing 已停止，正在重新启动。没有丢失任何内容。",

    nothing_open: "请选择一个会话",
    nothing_open_hint: "或者开始新的会话。",
    opening: "正在打开…",
    not_opened: "无法打开此会话。",
    no_such_account: Fill("您没有以 {} 登录。"),
    link_wrong: "无法识别此链接。",
    link_room: "尚不支持聊天室",
    link_room_hint: Fill("此链接指向聊天室 {}。Waxwing 目前还不能加入聊天室。"),
    to_the_lists: "返回会话列表",

    reload: "重新加载",
    other_build: "有新版本",
    other_build_hint: "此浏览器中正在运行另一个版本的 Waxwing。请重新加载此标签页；如果没有帮助，请重新加载或关闭其他标签页。",
    other_tab: "Waxwing 已在另一个标签页中打开",
    other_tab_hint: "它无法同时在这里运行。请到那里继续，或改在这里使用。",
    use_here: "在这里使用",
    engine_failed: "Waxwing 无法启动",
    engine_failed_hint: "它的一部分无法加载或运行。请检查网络，然后重试。",

    config_wrong: "本站的配置有误",
    config_hint: "请网站管理员修正 config.json：",
    config_file: "整个文件",
    config_object: "必须是 JSON 对象（{ … }）",
    config_text: "必须是文本",
    config_bool: "必须是 true 或 false",
    config_texts: "必须是文本列表",
    config_one_of: Fill("必须是以下之一：{}"),
    config_domain: "必须是域名，例如 example.org",
    config_websocket: "必须是以 wss:// 开头的地址（本机可用 ws://）",
    config_link: "必须是以 https:// 或 mailto: 开头的链接，或本站的文件",
    config_nothing: "无法识别，请检查拼写",
    config_served: "无法获取；没有此文件的网站必须返回 404",

    shortcuts: "键盘快捷键",
    shortcut_send: "发送消息",
    shortcut_line: "换行",
    shortcut_edit: "编辑您的上一条消息",
    shortcut_jump: "跳转到会话",
    shortcut_back: "返回、关闭",
    shortcut_move: "上一个或下一个会话",
    shortcut_list: "此列表",
};
