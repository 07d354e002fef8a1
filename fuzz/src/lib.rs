//! What the fuzz targets do with their bytes. `cargo test -p http1` runs the same functions on
//! the corpus, without a fuzzer: see `src/http1/tests/corpus.rs`.
#![allow(dead_code)]

mod accepted;
mod answers;
mod app;
mod grammar;
mod script;

pub mod connection;
pub mod decoder;
pub mod encoder;
