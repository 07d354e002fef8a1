//! What the fuzzer found worth keeping, run again: see `npm run fuzz`.

#[path = "../../../fuzz/src/lib.rs"]
mod bodies;

use std::fs;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let files = fs::read_dir(root.join(target)).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "the corpus of {target} is gone");
    for path in paths {
        println!("{}", path.display());
        run(&fs::read(&path).unwrap());
    }
}

#[test]
fn decoder() {
    replay("decoder", bodies::decoder::run);
}

#[test]
fn connection() {
    replay("connection", bodies::connection::run);
}

#[test]
fn encoder() {
    replay("encoder", bodies::encoder::run);
}
