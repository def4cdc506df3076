//! Simplified Chinese: logging in.

use crate::ui::i18n::Fill;
use crate::ui::i18n::login::Login;

pub const LOGIN: Login = Login {
    tagline: "基于 XMPP 的聊天",
    log_in: "登录",
    logging_in: "正在登录…",
    address: "XMPP 地址",
    address_example: "name@example.org",
    password: "密码",
    show_password: "显示密码",
    stay: "保持登录",
    stay_hint: "仅限您自己的设备。密码本身绝不会被保存。",
    create_account: "创建账号",
    guest: "以访客身份加入",
    connection_settings: "连接设置",
    websocket: "WebSocket 地址",
    websocket_hint: "留空则自动查找。",
    optional: "（可选）",
    help: "帮助",
    privacy: "隐私",
    password_reset: "忘记密码？",
    weaker_means: "如果服务器是有意更改的，您可以继续；否则别人可能因此得知您的密码。",
    all_the_same: "仍然登录",
    interrupted: "Waxwing 已重新启动，而密码不会被保存。请登录以继续刚才的内容。",
    password_missing: "请输入密码。",
    foreign_host: Fill(
        "此地址来自链接，而 {} 不是您的服务器：您的密码会被发送到那里。请删除此地址；如果您信任它，请自行输入。",
    ),
    password_again: Fill("请重新输入 {} 的密码"),
};
