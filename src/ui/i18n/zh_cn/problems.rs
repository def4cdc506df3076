//! Simplified Chinese: what went wrong, and what to do about it.

use crate::ui::i18n::Fill;
use crate::ui::i18n::problems::{Advice, Problems};

const fn a(what: &'static str, next: &'static str) -> Advice {
    Advice { what, next }
}

pub const PROBLEMS: Problems = Problems {
    server_says: "服务器说：",
    condition: Fill("原因代码：{}"),

    invalid_address: a(
        "这不是有效的 XMPP 地址。",
        "地址的形式类似 name@example.org。",
    ),
    insecure_websocket: a("此连接不会加密。", "请使用以 wss:// 开头的地址。"),
    invalid_websocket: a(
        "这不是有效的 WebSocket 地址。",
        "它的形式类似 wss://example.org/xmpp-websocket。",
    ),
    server_not_allowed: a("此处只能使用 {} 的地址。", "请检查 @ 后面的部分。"),
    server_not_found: a(
        "无法连接到 {} 的 XMPP 服务器。",
        "请检查地址和网络。如果服务器需要，请在“连接设置”中填写 WebSocket 地址。",
    ),
    not_xmpp: a(
        "{} 上有服务器，但它不支持基于 WebSocket 的 XMPP。",
        "请检查 WebSocket 地址，或询问服务器管理员。",
    ),
    connection_lost: a("连接已断开。", "将自动重新连接。"),
    no_network: a("没有网络。", "请检查 Wi-Fi 或网线。"),
    timeout: a("服务器没有响应。", "请稍后再试。"),

    wrong_password: a("地址或密码错误。", "请检查两者，并注意大小写。"),
    account_disabled: a("此账号已被停用。", "请联系服务器管理员。"),
    credentials_expired: a("此密码已过期。", "请在服务器的网站上设置新密码。"),
    password_needed: a("需要重新输入密码。", "密码已更改，或服务器更换了验证方式。"),
    password_lost: a(
        "需要重新输入密码。",
        "Waxwing 已重新启动，而密码没有保存在任何地方。其他内容都还在。",
    ),
    no_common_mechanism: a(
        "本应用与服务器没有共同支持的登录方式。",
        "请让服务器管理员启用 SCRAM。服务器提供的是：{}",
    ),
    downgrade: a(
        "服务器突然只提供较弱的登录方式，可能有人在窃听。密码没有发送。",
        "请换一个网络再试，或询问服务器管理员。",
    ),
    offer_tampered: a(
        "您与服务器之间有人篡改了服务器的信息。密码没有发送。",
        "请不要在此网络上继续，并询问服务器管理员。",
    ),
    server_not_authentic: a(
        "服务器无法证明它就是您的服务器。",
        "请不要在此网络上继续，并询问服务器管理员。",
    ),
    encryption_required: a("服务器要求加密连接。", "请使用以 wss:// 开头的地址。"),
    temporary_auth_failure: a("服务器目前无法登录。", "请稍后再试。"),
    password_not_allowed: a(
        "密码中含有不允许的字符。",
        "请检查是否有换行或其他不可见字符。",
    ),
    auth_failed: a("登录失败。", "请重试，或询问服务器管理员。"),
    already_logged_in: a("此账号已在这里登录。", ""),

    system_shutdown: a("服务器正在关闭。", "将自动重新连接。"),
    conflict: a(
        "会话已结束：另一个应用取代了它。",
        "如果想在这里继续，请重新连接。",
    ),
    policy_violation: a("服务器因其规则结束了会话。", "请稍等片刻再连接。"),
    server_full: a("服务器繁忙。", "请稍后再试。"),
    host_unknown: a("服务器不认识域名 {}。", "请检查 @ 后面的部分。"),
    unsafe_redirect: a("服务器要把您转到不安全的 {}。", "请询问服务器管理员。"),
    stream_error: a(
        "服务器与本应用无法相互理解。",
        "请重试，或询问服务器管理员。",
    ),

    offline: a("您处于离线状态。", "请连接后再试。"),
    refused: a("操作被拒绝。", "请重试，或询问服务器管理员。"),
    remote_server_unreachable: a("无法连接到联系人的服务器。", "请稍后再试。"),
    no_such_contact: a("此地址不存在。", "请检查地址。"),
    too_long: a("消息超过了服务器允许的长度。", "请分几条发送。"),
    unsupported: a("服务器不支持此操作。", ""),

    registration_closed: a("此处不能注册新账号。", "请到服务器的网站上查看其他方式。"),
    name_taken: a("这个名字已被使用。", "请换一个。"),
    too_fast: a("您的网络最近注册了太多账号。", "请稍后再试。"),
    not_acceptable: a("服务器没有接受您填写的内容。", "请检查每一项。"),

    no_storage: a(
        "此浏览器目前不允许应用保存数据。",
        "除非在此之前恢复保存，否则关闭后新内容将会丢失。可能是因为使用了无痕窗口。",
    ),
    storage_full: a(
        "此设备已没有存储空间。",
        "请腾出空间，随后新内容就会保存；在此之前，关闭应用会丢失新内容。",
    ),
    not_removed: a(
        "无法删除此浏览器保存的账号数据。",
        "请重试；如果仍然如此，请在浏览器设置中清除本网站的数据。",
    ),
    left_behind: a(
        "您已退出登录，但此浏览器可能保存的账号数据暂时无法删除。",
        "请保持应用打开：存储恢复后会立即删除。如果仍然如此，请在浏览器设置中清除本网站的数据。",
    ),
    fruitless: a(
        "服务器返回了许多内容，但还没有可以显示的消息。",
        "请重试以继续查找，或选择其他日期。",
    ),
    internal: a("应用内部出错了。", "请重试；如果仍然如此，请重新加载页面。"),
};
