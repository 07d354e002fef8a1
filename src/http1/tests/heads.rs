//! Request lines and header sections (RFC 9112 sections 2 to 5).

mod common;

use common::{accepted, decode, decode_all_ways, decode_pieces, refused};
use http1::{Limits, Version};

fn request(line: &str) -> Vec<u8> {
    format!("{line}\r\nHost: a\r\n\r\n").into_bytes()
}

fn with_header(line: &[u8]) -> Vec<u8> {
    [b"GET / HTTP/1.1\r\nHost: a\r\n", line, b"\r\n\r\n"].concat()
}

#[test]
fn packs_a_head() {
    let message = accepted(
        b"GET /a?b=c HTTP/1.1\r\nHost: example.com:80\r\nX-Mixed-CASE:  v\xe4lue \t\r\nEmpty:\r\n\
          set-cookie: a\r\nSet-Cookie: b\r\n\r\n",
    );
    assert_eq!(
        message.packed,
        "GET /a?b=c\nhost:example.com:80\nx-mixed-case:v\u{e4}lue\nempty:\nset-cookie:a\n\
         set-cookie:b\n"
    );
    assert_eq!((message.head.method_len, message.head.target_len), (3, 6));
    assert_eq!(message.head.version, Version::Http11);
    assert!(message.head.keep_alive && !message.head.is_head && !message.head.upgrade);
}

#[test]
fn takes_any_token_as_method() {
    for method in ["GET", "HEAD", "PURGE", "QUERY", "M-SEARCH", "X", "GO", "get", "!#$%&'*+.^_`|~"]
    {
        let message = accepted(&request(&format!("{method} / HTTP/1.1")));
        assert_eq!(message.packed, format!("{method} /\nhost:a\n"));
        assert_eq!(message.head.is_head, method == "HEAD");
    }
    for line in ["G(T / HTTP/1.1", "G\0T / HTTP/1.1", " GET / HTTP/1.1", "\u{e4} / HTTP/1.1"] {
        assert_eq!(refused(&request(line)), (400, "HTTP_INVALID_METHOD"), "{line}");
    }
    let long = format!("{} / HTTP/1.1", "M".repeat(128));
    assert_eq!(refused(&request(&long)), (501, "HTTP_METHOD_TOO_LONG"));
}

#[test]
fn takes_what_browsers_send_in_targets() {
    let target = "/\"<>\\^`{|}?a={\"b\":[1|2]}";
    let message = accepted(&request(&format!("GET {target} HTTP/1.1")));
    assert_eq!(message.packed, format!("GET {target}\nhost:a\n"));
    for line in [
        "GET /\u{e4} HTTP/1.1",
        "GET /\x01 HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET /#a HTTP/1.1",
        "GET a HTTP/1.1",
        "GET * HTTP/1.1",
        "GET http:// HTTP/1.1",
    ] {
        assert_eq!(refused(&request(line)), (400, "HTTP_INVALID_TARGET"), "{line}");
    }
    accepted(&request("OPTIONS * HTTP/1.1"));
    accepted(&request("GET http://a:80/b HTTP/1.1"));
    accepted(&request("GET https://[::1]?b HTTP/1.1"));
}

#[test]
fn tells_versions_apart() {
    let message = accepted(b"GET / HTTP/1.0\r\n\r\n");
    assert_eq!(message.head.version, Version::Http10);
    assert!(!message.head.keep_alive);
    let message = accepted(b"GET /{ HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n");
    assert!(message.head.keep_alive);
    let message = accepted(b"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n");
    assert!(!message.head.keep_alive);
    for line in
        ["GET / HTTP/1.2", "GET / HTTP/2.0", "GET / HTTP/3.0", "GET / HTTP/0.9", "PRI * HTTP/2.0"]
    {
        assert_eq!(refused(&request(line)), (505, "HTTP_VERSION_NOT_SUPPORTED"), "{line}");
    }
    for line in [
        "GET / HTTP/1.10",
        "GET / http/1.1",
        "GET / HTTP/1,1",
        "GET / HTTPS/1.1",
        "GET / HTTP/1.1 ",
        "GET / ",
        "GET / a",
        "GET / b HTTP/1.1",
    ] {
        assert_eq!(refused(&request(line)), (400, "HTTP_INVALID_VERSION"), "{line}");
    }
    for line in ["GET /", "GET", "GET  / HTTP/1.1"] {
        assert_eq!(refused(&request(line)).0, 400, "{line}");
    }
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert_eq!(refused(preface), (505, "HTTP_VERSION_NOT_SUPPORTED"));
}

#[test]
fn refuses_connect() {
    assert_eq!(refused(&request("CONNECT a:80 HTTP/1.1")), (501, "HTTP_CONNECT_NOT_IMPLEMENTED"));
    assert_eq!(refused(&request("CONNECT / HTTP/1.0")), (501, "HTTP_CONNECT_NOT_IMPLEMENTED"));
}

#[test]
fn refuses_what_is_not_http_at_once() {
    for hello in [&b"\x16\x03\x01\x02\x00"[..], b"\0", b"\x80", b"{\"a\":1}", b"\nGET"] {
        let outcome = decode_all_ways(&Limits::default(), hello);
        assert_eq!(outcome.refusal.unwrap().code, "HTTP_INVALID_METHOD");
    }
}

#[test]
fn wants_exactly_one_good_host() {
    assert_eq!(refused(b"GET / HTTP/1.1\r\n\r\n"), (400, "HTTP_MISSING_HOST"));
    assert_eq!(refused(b"GET http://a/ HTTP/1.1\r\n\r\n"), (400, "HTTP_MISSING_HOST"));
    assert_eq!(refused(&with_header(b"HOST: a")), (400, "HTTP_DUPLICATE_HOST"));
    assert_eq!(
        refused(b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        (400, "HTTP_DUPLICATE_HOST")
    );
    for host in ["", " ", "a b", "a:b", "u@a", "a/b", "a:65536", "[::1", "a,b c", "http://a"] {
        let text = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(refused(text.as_bytes()), (400, "HTTP_INVALID_HOST"), "{host:?}");
    }
}

#[test]
fn refuses_bad_header_lines() {
    for (line, code) in [
        (&b"a : b"[..], "HTTP_INVALID_HEADER_NAME"),
        (b": b", "HTTP_INVALID_HEADER_NAME"),
        (b"ab", "HTTP_INVALID_HEADER_NAME"),
        (b"a\tb: c", "HTTP_INVALID_HEADER_NAME"),
        (b"\xe4: c", "HTTP_INVALID_HEADER_NAME"),
        (b"a\0: c", "HTTP_INVALID_HEADER_NAME"),
        (b"x-a: b\r\n c", "HTTP_OBSOLETE_FOLDING"),
        (b"x-a: b\r\n\tc", "HTTP_OBSOLETE_FOLDING"),
        (b" x: y", "HTTP_OBSOLETE_FOLDING"),
        (b"a: b\rc", "HTTP_INVALID_HEADER_VALUE"),
        (b"a: b\0c", "HTTP_INVALID_HEADER_VALUE"),
        (b"a: b\x7f", "HTTP_INVALID_HEADER_VALUE"),
        (b"a: b\nc: d", "HTTP_INVALID_LINE_END"),
        (b"a: b\r\r", "HTTP_INVALID_HEADER_VALUE"),
        (b"connection: a b", "HTTP_INVALID_CONNECTION_HEADER"),
        (b"connection: a\0", "HTTP_INVALID_HEADER_VALUE"),
        (b"connection : close", "HTTP_INVALID_HEADER_NAME"),
        (b"upgrade: a b", "HTTP_INVALID_UPGRADE_HEADER"),
        (b"upgrade: a/b/c", "HTTP_INVALID_UPGRADE_HEADER"),
    ] {
        let found = refused(&with_header(line));
        assert_eq!(found, (400, code), "{}", line.escape_ascii());
    }
    assert_eq!(refused(b"GET / HTTP/1.1\nHost: a\n\n"), (400, "HTTP_INVALID_LINE_END"));
    assert_eq!(refused(b"GET / HTTP/1.1\r\nHost: a\r\n\n"), (400, "HTTP_INVALID_HEADER_NAME"));
}

#[test]
fn takes_lists_with_empty_elements() {
    for (line, closes) in [
        ("Connection: , close", true),
        ("Connection:", false),
        ("Connection: ,", false),
        ("Connection: close,", true),
        ("Connection: keep-alive, , foo", false),
        ("CONNECTION: CLOSE", true),
        ("Upgrade:", false),
        ("Upgrade: , h2c", false),
        ("Upgrade: websocket", false),
        ("Trailer:", false),
        ("Trailer: x", false),
    ] {
        let message = accepted(&with_header(line.as_bytes()));
        assert_eq!(message.head.keep_alive, !closes, "{line}");
        assert!(!message.head.upgrade, "{line}");
        let (name, value) = line.split_once(':').unwrap();
        let packed = format!("GET /\nhost:a\n{}:{}\n", name.to_lowercase(), value.trim());
        assert_eq!(message.packed, packed);
    }
    let message = accepted(&with_header(b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings"));
    assert!(message.head.upgrade && message.head.keep_alive);
}

#[test]
fn knows_one_expectation() {
    let body = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: ";
    let ask = |value: &str| format!("{body}{value}\r\n\r\nx").into_bytes();
    assert!(accepted(&ask("100-continue")).head.expect_continue);
    assert!(accepted(&ask("100-CONTINUE,")).head.expect_continue);
    assert!(!accepted(&ask("")).head.expect_continue);
    assert_eq!(refused(&ask("100-continue, x")), (417, "HTTP_EXPECTATION_FAILED"));
    assert_eq!(refused(&ask("200-ok")), (417, "HTTP_EXPECTATION_FAILED"));
    // Without a body there is nothing to wait for, and HTTP/1.0 does not know it.
    assert!(!accepted(&with_header(b"Expect: 100-continue")).head.expect_continue);
    let old = b"POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx";
    assert!(!accepted(old).head.expect_continue);
}

#[test]
fn tolerates_some_empty_lines_before_a_request() {
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let message = accepted(&[&b"\r\n".repeat(8)[..], get].concat());
    assert_eq!(message.packed, "GET /\nhost:a\n");
    let many = [&b"\r\n".repeat(9)[..], get].concat();
    assert_eq!(refused(&many), (400, "HTTP_TOO_MANY_EMPTY_LINES"));
    // Between requests as well, counted anew.
    let between = [&get[..], &b"\r\n".repeat(8), get].concat();
    assert_eq!(decode(&between).messages.len(), 2);
    assert_eq!(refused(b"\r\rGET / HTTP/1.1\r\n\r\n").0, 400);
    let only = decode_all_ways(&Limits::default(), b"\r\n\r\n");
    assert!(!only.is_cut && only.refusal.is_none());
}

#[test]
fn limits_the_size_of_a_head_however_it_is_split() {
    let limits = Limits { max_header_size: 100, ..Limits::default() };
    let head = |len: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nx: ";
        format!("{start}{}\r\n\r\n", "y".repeat(len - start.len() - 4))
    };
    let fits = decode_all_ways(&limits, head(100).as_bytes());
    assert_eq!((fits.messages.len(), fits.refusal), (1, None));
    let exceeds = decode_all_ways(&limits, head(101).as_bytes());
    let refusal = exceeds.refusal.unwrap();
    assert_eq!((refusal.status, refusal.code), (431, "HTTP_HEADERS_TOO_LARGE"));
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "y".repeat(100));
    let refusal = decode_all_ways(&limits, long.as_bytes()).refusal.unwrap();
    assert_eq!((refusal.status, refusal.code), (414, "HTTP_TARGET_TOO_LONG"));
    let endless = decode_all_ways(&limits, &[b'A'; 200]).refusal.unwrap();
    assert_eq!(endless.status, 414);
}

#[test]
fn limits_the_number_of_lines_however_they_are_split() {
    let limits = Limits { max_headers_count: 3, ..Limits::default() };
    let fits = b"GET / HTTP/1.1\r\nHost: a\r\nb: c\r\nConnection:,\r\n\r\n";
    assert_eq!(decode_all_ways(&limits, fits).refusal, None);
    for last in ["d: e", "Connection: ,close"] {
        let text = format!("GET / HTTP/1.1\r\nHost: a\r\nb: c\r\nd: e\r\n{last}\r\n\r\n");
        let refusal = decode_all_ways(&limits, text.as_bytes()).refusal.unwrap();
        assert_eq!((refusal.status, refusal.code), (431, "HTTP_TOO_MANY_HEADERS"));
    }
}

#[test]
fn says_where_the_fault_is() {
    let limits = Limits::default();
    let first = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let second = b"GET / HTTP/1.1\r\nHost: a\r\nbad line\r\n\r\n";
    let refusal = decode_all_ways(&limits, &[&first[..], second].concat()).refusal.unwrap();
    assert_eq!(refusal.offset, (first.len() + "GET / HTTP/1.1\r\nHost: a\r\n".len()) as u64);
    assert!(refusal.to_string().contains("HTTP_INVALID_HEADER_NAME, at byte 52"));
}

/// Milo's first defect: 3,639 such lines fill Milo's events buffer exactly at the end.
#[test]
fn never_fills_the_events_buffer() {
    let limits =
        Limits { max_header_size: u32::MAX, max_headers_count: u32::MAX, ..Limits::default() };
    for lines in (3_600..3_680).chain([1, 100, 3_071, 3_072, 3_073, 7_278, 20_000]) {
        let head = ["GET / HTTP/1.1\r\nHost: a\r\n", &"a:\r\n".repeat(lines), "\r\n"].concat();
        let next = "POST /next HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        let input = [&head[..], next].concat();
        let sizes = [input.len(), 65_536, 12_289, 4_096];
        for size in sizes {
            let outcome = decode_pieces(&limits, input.as_bytes().chunks(size));
            assert_eq!(outcome.refusal, None, "{lines} lines by {size}");
            assert_eq!(outcome.messages.len(), 2, "{lines} lines by {size}");
            assert_eq!(outcome.messages[0].packed.len(), 13 + lines * 3);
            assert_eq!(outcome.messages[1].body, b"abc", "{lines} lines by {size}");
        }
    }
}

#[test]
fn takes_lines_longer_than_a_piece() {
    let limits = Limits { max_header_size: 1 << 20, ..Limits::default() };
    let long = "v".repeat(100_000);
    let input = format!("GET /{long} HTTP/1.1\r\nHost: a\r\nx: {long}\r\ny: {long}\r\n\r\n");
    for size in [input.len(), 65_536, 12_289, 1_000] {
        let outcome = decode_pieces(&limits, input.as_bytes().chunks(size));
        assert_eq!(outcome.refusal, None);
        assert_eq!(
            outcome.messages[0].packed,
            format!("GET /{long}\nhost:a\nx:{long}\ny:{long}\n")
        );
    }
}

#[test]
fn tells_what_was_a_head() {
    // RFC 9110 section 9.3.2: its refusal must not have a body.
    let long = "a".repeat(20_000);
    for (rest, status) in [
        ("/ HTTP/1.1\r\n\r\n", 400),
        ("/ HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        ("/ HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n", 400),
        ("/ HTTP/1.1\r\nhost : a\r\n\r\n", 400),
        ("/ HTTP/1.1\r\nhost: a\r\nexpect: x\r\n\r\n", 417),
        ("/ HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999999\r\n\r\n", 413),
        ("* HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        ("/ HTTP/1.2\r\n\r\n", 505),
        (&format!("/ HTTP/1.1\r\na: {long}"), 431),
        (&format!("/{long}"), 414),
    ] {
        for (method, is_head) in [("HEAD", true), ("GET", false), ("HEADS", false)] {
            let input = format!("{method} {rest}");
            let outcome = decode_all_ways(&Limits::default(), input.as_bytes());
            let refusal = outcome.refusal.unwrap();
            assert_eq!((refusal.status, refusal.to_head), (status, is_head), "{method} {rest:.80}");
        }
    }
}
