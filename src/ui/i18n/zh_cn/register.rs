//! 简体中文: making an account.

use crate::ui::i18n::Fill;
use crate::ui::i18n::register::Register;

pub const REGISTER: Register = Register {
    server: "服务器",
    server_hint: "您的地址将是：名字@服务器。",
    next: "下一步",
    made: Fill("账号 {} 已创建。"),
    have_account: "我已有账号",
    username: "用户名",
    email: "电子邮件地址",
    full_name: "姓名",
    elsewhere: "此服务器在自己的网页上创建账号。",
    open_page: "打开该网页",
    strength: "密码强度",
    very_weak: "非常弱",
    weak: "弱",
    fair: "一般",
    good: "好",
    strong: "强",
};
