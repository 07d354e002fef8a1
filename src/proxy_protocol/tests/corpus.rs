//! What the fuzzer found worth keeping, run again: see `npm run fuzz`.

#[path = "../../../fuzz/src/proxy_header.rs"]
mod proxy_header;

use std::fs;
use std::path::Path;

#[test]
fn proxy_header() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/proxy_header");
    let mut paths: Vec<_> = fs::read_dir(root).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "the corpus is gone");
    for path in paths {
        println!("{}", path.display());
        proxy_header::run(&fs::read(&path).unwrap());
    }
}
