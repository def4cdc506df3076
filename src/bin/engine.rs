//! The engine: `client::Client` on `platform::web`, in a worker.

fn main() {}
