//! Every byte in every place: what the grammar allows is taken, and nothing else.

mod common;

use common::{decode_all_ways, latin1};
use http1::Limits;

/// `tchar` (RFC 9110 section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `field-vchar`, space and tab (RFC 9110 section 5.5).
fn is_value(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..)
}

/// Bytes of which one is as good as another are not tried all.
fn bytes() -> impl Iterator<Item = u8> {
    (0..=255u8).filter(|byte| !byte.is_ascii_alphanumeric() || b"aAfFgGzZ059".contains(byte))
}

/// Puts each byte between the halves. With one that is allowed the message is whole; with another
/// it is refused, or (a digit more) still waited for.
fn try_all(what: &str, before: &str, after: &str, allowed: impl Fn(u8) -> bool) {
    for byte in bytes() {
        let input = [before.as_bytes(), &[byte], after.as_bytes()].concat();
        let outcome = decode_all_ways(&Limits::default(), &input);
        let is_whole = outcome.refusal.is_none() && !outcome.is_cut;
        assert_eq!(is_whole, allowed(byte), "{what}: {} {outcome:?}", input.escape_ascii());
        let is_longer = outcome.is_cut && byte.is_ascii_hexdigit();
        assert!(is_whole || is_longer || outcome.refusal.is_some(), "{what}: {outcome:?}");
    }
}

#[test]
fn in_the_request_line() {
    let end = " / HTTP/1.1\r\nHost: a\r\n\r\n";
    try_all("method", "AB", &format!("C{end}"), is_token);
    try_all("short method", "", end, is_token);
    let end = "c HTTP/1.1\r\nHost: a\r\n\r\n";
    // RFC 3986 section 3, and what browsers send raw; a fragment is never sent.
    try_all("target", "GET /b", end, |byte| byte.is_ascii_graphic() && byte != b'#');
    try_all("query", "GET /?b", end, |byte| byte.is_ascii_graphic() && byte != b'#');
    try_all("authority", "GET http://b", end, |byte| is_host(byte) || b"/?".contains(&byte));
    try_all("version", "GET / HTTP/1.", "\r\nHost: a\r\n\r\n", |byte| b"01".contains(&byte));
    try_all("behind the version", "GET / HTTP/1.1", "\r\nHost: a\r\n\r\n", |_| false);
    try_all("before the line", "", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", is_token);
}

/// `reg-name` without a percent that stands alone (RFC 3986 section 3.2.2).
fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

#[test]
fn in_header_lines() {
    let (start, end) = ("GET / HTTP/1.1\r\nHost: a\r\n", "\r\n\r\n");
    // A colon ends the name there, and is the start of a value.
    let in_name = |byte| is_token(byte) || byte == b':';
    try_all("name", &format!("{start}b"), &format!("c: d{end}"), in_name);
    try_all("start of a name", start, &format!("b: c{end}"), is_token);
    try_all("before the colon", &format!("{start}b"), &format!(": c{end}"), in_name);
    try_all("value", &format!("{start}b: c"), &format!("d{end}"), is_value);
    try_all("start of a value", &format!("{start}b:"), &format!("c{end}"), is_value);
    try_all("end of a value", &format!("{start}b: c"), end, is_value);
    let behind = |byte| byte == b'\n';
    try_all("behind a CR", &format!("{start}b: c\r"), &format!("d: e{end}"), behind);
    let in_host = |byte| is_host(byte) || byte == b':';
    try_all("host", "GET / HTTP/1.1\r\nHost: a", "9\r\n\r\n", in_host);
}

#[test]
fn in_the_framing() {
    let start = "POST / HTTP/1.1\r\nHost: a\r\n";
    let length = |before: &str| format!("{start}Content-Length: {before}");
    let blank = |byte: u8| matches!(byte, b' ' | b'\t');
    // White space at the ends is cut off, and more zeros are the same length.
    let as_zero = |byte| blank(byte) || byte == b'0';
    try_all("before the length", &length(""), "0\r\n\r\n", as_zero);
    try_all("behind the length", &length("0"), "\r\n\r\n", as_zero);
    let coding = format!("{start}Transfer-Encoding: ");
    let end = "\r\n\r\n0\r\n\r\n";
    try_all("before the coding", &coding, &format!("chunked{end}"), blank);
    try_all("in the coding", &format!("{coding}chu"), &format!("ked{end}"), |byte| byte == b'n');
    try_all("behind the coding", &format!("{coding}chunked"), end, blank);
}

#[test]
fn in_chunks() {
    let start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let first = |before: &str| format!("{start}{before}");
    let end = "\r\nx\r\n0\r\n\r\n";
    try_all("before the size", &first(""), &format!("1{end}"), |byte| byte == b'0');
    try_all("behind the size", &first("1"), end, |_| false);
    let in_name = |byte| is_token(byte) || b"=;".contains(&byte);
    try_all("extension", &first("1;a"), &format!("b{end}"), in_name);
    let in_value = |byte| is_token(byte) || byte == b';';
    try_all("value of an extension", &first("1;a=b"), &format!("c{end}"), in_value);
    let in_quotes = |byte| is_value(byte) && !b"\"".contains(&byte);
    try_all("quoted value", &first("1;a=\"b"), &format!("c\"{end}"), in_quotes);
    let escaped = |byte| is_value(byte);
    try_all("quoted pair", &first("1;a=\"b\\"), &format!("c\"{end}"), escaped);
    try_all("behind the data", &first("1\r\nx"), "\r\n0\r\n\r\n", |_| false);
    let last = first("1\r\nx\r\n0\r\n");
    let in_trailer = |byte| is_token(byte) || byte == b':';
    try_all("trailer name", &format!("{last}b"), "c: d\r\n\r\n", in_trailer);
    try_all("trailer value", &format!("{last}b: c"), "d\r\n\r\n", is_value);
    try_all("data", &first("1\r\n"), "\r\n0\r\n\r\n", |_| true);
}

/// Milo reads a line again, or says its name twice, when its events buffer fills up in it: what
/// counts in the framing must mean the same wherever it stands in a long head.
#[test]
fn framing_lines_anywhere_in_a_long_head() {
    let limits =
        Limits { max_header_size: u32::MAX, max_headers_count: u32::MAX, ..Limits::default() };
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    for (line, body) in [
        (format!("Content-Length: {}\r\n", hidden.len()), hidden.to_owned()),
        (
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len()),
        ),
    ] {
        for count in (3_060..3_080).chain(3_630..3_645).chain([6_100, 7_277, 7_278]) {
            let before = format!("POST / HTTP/1.1\r\nHost: a\r\n{}", "a:\r\n".repeat(count));
            let after = format!("{line}b:\r\n\r\n{body}GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
            let input = [&before[..], &after].concat();
            for at in [0, before.len(), before.len() + line.len(), before.len() + 5] {
                let (first, second) = input.as_bytes().split_at(at);
                let outcome = common::decode_pieces(&limits, [first, second]);
                assert_eq!(outcome.refusal, None, "{count} lines, cut at {at}");
                let [message, next] = &outcome.messages[..] else { panic!("{count} lines") };
                assert_eq!(latin1(&message.body), hidden, "{count} lines, cut at {at}");
                assert_eq!(next.packed, "GET /next\nhost:a\n", "{count} lines, cut at {at}");
                assert_eq!(message.packed.matches("a:\n").count(), count);
            }
        }
    }
}
