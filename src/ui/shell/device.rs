//! What is wrong with this device: a bar above everything, until it is well.

use crate::ui::view::prelude::*;

use crate::ui::handle::use_handle;
use crate::ui::widget::alert::Alert;

/// The alert; nothing while all is well.
#[component]
pub fn DeviceAlert() -> impl IntoView {
    let device = use_handle().model.device;
    (move || {
        let problem = device.get()?;
        Some(view! { <div class="device-alert"><Alert problem /></div> })
    })
    .into_any()
}
