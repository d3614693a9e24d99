//! What the project says of itself, held to its own source: the floors of the house, the page that
//! describes it, the generated parts of the documentation, the package.

mod architecture;
mod docs;
mod floors;
mod package;
mod source;

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}
