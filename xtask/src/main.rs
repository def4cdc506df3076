//! `cargo xtask`: build, demo, test, bench, soak.

fn main() {}
