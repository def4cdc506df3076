//! Texts: writing, and the emoji picker.

/// Texts: writing, and the emoji picker.
#[allow(missing_docs)]
pub struct Composer {
    pub message: &'static str,
    pub placeholder: &'static str,
    pub send: &'static str,
    pub emoji: &'static str,

    // The picker.
    pub search: &'static str,
    pub nothing_found: &'static str,
    pub recent: &'static str,
    /// The groups of emoji, in the order of the list: smileys, people, nature, food, travel, activities, objects, symbols, flags.
    pub groups: [&'static str; 9],
    pub no_emoji: &'static str,
}
