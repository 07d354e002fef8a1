#![no_main]

// Not one of the `bodies`: those are run by the tests of http1, which knows nothing of proxies.
#[path = "../src/proxy_header.rs"]
mod proxy_header;

libfuzzer_sys::fuzz_target!(|data: &[u8]| proxy_header::run(data));
