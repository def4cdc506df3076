//! 简体中文: the details of a contact.

use crate::ui::i18n::Fill;
use crate::ui::i18n::profile::Profile;

pub const PROFILE: Profile = Profile {
    details: "联系人资料",
    edit: "编辑联系人",
    groups: "分组",
    groups_hint: "多个分组请用逗号隔开。",
    devices: "设备",
    presence: "谁能看到谁",
    both: "你们可以看到彼此的在线状态。",
    to: "您能看到对方的在线状态，对方看不到您的。",
    from: "对方能看到您的在线状态，您看不到对方的。",
    none: "你们看不到彼此的在线状态。",
    asked: "您已请求查看对方的在线状态，对方尚未回应。",
    no_contact: "不在您的联系人中。",
    add: "添加到联系人",
    ask: "请求查看在线状态",
    hide: "隐藏我的在线状态",
    remove: "删除联系人",
    remove_title: Fill("删除 {}？"),
    remove_means: "你们将不再看到彼此的在线状态。消息会保留。",
};
