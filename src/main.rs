//! The page: attaches to the engine and mounts `ui::App`.

fn main() {}
