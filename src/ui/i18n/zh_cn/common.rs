//! Simplified Chinese: what is said everywhere: buttons, days, states.

use crate::ui::i18n::Fill2;
use crate::ui::i18n::common::Common;

pub const COMMON: Common = Common {
    today: "今天",
    yesterday: "昨天",
    back: "返回",
    cancel: "取消",
    close: "关闭",
    save: "保存",
    retry: "重试",
    loading: "正在加载…",
    and: Fill2("{0}，{1}"),
};
