//! The framing of request bodies (RFC 9112 sections 6 and 7), without leniency.

mod common;

use common::{accepted, decode_all_ways, decode_pieces, refused};
use http1::{BodyLength, Limits};

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{body}").into_bytes()
}

fn chunked(body: &str) -> Vec<u8> {
    post("Transfer-Encoding: chunked", body)
}

#[test]
fn frames_by_length() {
    assert_eq!(accepted(&post("x: y", "")).head.body, BodyLength::None);
    let message = accepted(&post("Content-Length: 5", "hello"));
    assert_eq!((message.head.body, &message.body[..]), (BodyLength::Length(5), &b"hello"[..]));
    let message = accepted(&post("Content-Length: 0", ""));
    assert_eq!((message.head.body, &message.body[..]), (BodyLength::Length(0), &b""[..]));
    assert_eq!(accepted(&post("content-length:\t0005 ", "hello")).body, b"hello");
    // What looks like a request in a body is a body.
    let inner = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let outer = post(&format!("Content-Length: {}", inner.len()), inner);
    assert_eq!(accepted(&outer).body, inner.as_bytes());
}

#[test]
fn frames_every_method_alike() {
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "X"] {
        let text = format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!(accepted(text.as_bytes()).body, b"abc", "{method}");
        let start = format!("{method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked");
        let text = format!("{start}\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(accepted(text.as_bytes()).body, b"abc", "{method}");
    }
    let old = b"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(accepted(old).body, b"abc");
    // An upgrade that nobody follows does not change the framing.
    let upgrade = post("Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 3", "abc");
    assert_eq!(accepted(&upgrade).body, b"abc");
}

#[test]
fn refuses_any_doubt_about_the_length() {
    for (headers, status, code) in [
        ("Content-Length:", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: +1", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: -1", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: 0x1", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: 1 1", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: 1, 1", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: 1_0", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: 1e1", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: \u{661}", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: 18446744073709551617", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: 00000000000000000001", 400, "HTTP_INVALID_CONTENT_LENGTH"),
        ("Content-Length: 9999999999999999999", 413, "HTTP_BODY_TOO_LARGE"),
        ("Content-Length: 134217729", 413, "HTTP_BODY_TOO_LARGE"),
        ("Content-Length : 1", 400, "HTTP_INVALID_HEADER_NAME"),
        ("Content-Length: 1\r\nContent-Length: 1", 400, "HTTP_DUPLICATE_CONTENT_LENGTH"),
        ("Content-Length: 1\r\nContent-Length: 2", 400, "HTTP_DUPLICATE_CONTENT_LENGTH"),
        ("Content-Length: 1\r\nTransfer-Encoding: chunked", 400, "HTTP_CONFLICTING_FRAMING"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 1", 400, "HTTP_CONFLICTING_FRAMING"),
        ("Transfer-Encoding: gzip\r\nContent-Length: 1", 400, "HTTP_CONFLICTING_FRAMING"),
        ("Transfer-Encoding:", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: gzip", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: identity", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: xchunked", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: \"chunked\"", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: chunked;a=b", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: chunked, gzip", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: chunked, chunked", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: , chunked", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        ("Transfer-Encoding: chunked,", 400, "HTTP_INVALID_TRANSFER_ENCODING"),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            400,
            "HTTP_INVALID_TRANSFER_ENCODING",
        ),
        ("Transfer-Encoding: chunked\x0b", 400, "HTTP_INVALID_HEADER_VALUE"),
        ("Transfer-Encoding: gzip, chunked", 501, "HTTP_TRANSFER_CODING_NOT_IMPLEMENTED"),
        (
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked",
            501,
            "HTTP_TRANSFER_CODING_NOT_IMPLEMENTED",
        ),
    ] {
        assert_eq!(refused(&post(headers, "")), (status, code), "{headers:?}");
    }
    let old = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(refused(old), (400, "HTTP_TRANSFER_ENCODING_IN_HTTP10"));
}

#[test]
fn decodes_chunks() {
    let message =
        accepted(&chunked("5\r\nhello\r\n1\r\n \r\n6;a;b=c;d=\"e;\\\"\"\r\nworld!\r\n0\r\n\r\n"));
    assert_eq!(message.body, b"hello world!");
    assert_eq!(message.head.body, BodyLength::Chunked);
    assert_eq!(accepted(&chunked("0\r\n\r\n")).body, b"");
    assert_eq!(accepted(&chunked("00000000\r\n\r\n")).body, b"");
    assert_eq!(accepted(&chunked("0;a\r\n\r\n")).body, b"");
    // White space that RFC 9110 section 5.6.3 wants to be parsed and forgotten.
    for size in ["5 ;a", "5\t \t;a", "5; a", "5;a = b", "5 ; a ; b = \"c\"", "5;a=b ;c"] {
        let body = format!("{size}\r\nhello\r\n0 ;a\r\n\r\n");
        assert_eq!(accepted(&chunked(&body)).body, b"hello", "{size}");
    }
    assert_eq!(accepted(&chunked("A\r\n0123456789\r\n0\r\n\r\n")).body, b"0123456789");
    // Data that looks like framing.
    assert_eq!(accepted(&chunked("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n")).body, b"\r\n0\r\n\r\n");
    let upper = post("Transfer-Encoding: CHUNKED", "1\r\na\r\n0\r\n\r\n");
    assert_eq!(accepted(&upper).body, b"a");
    let upgrade = "Transfer-Encoding: chunked\r\nUpgrade: h2c\r\nConnection: upgrade, close";
    assert_eq!(accepted(&post(upgrade, "1\r\na\r\n0\r\n\r\n")).body, b"a");
}

#[test]
fn refuses_bad_chunks() {
    for (body, code) in [
        ("\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        (" 5\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5 \r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5;a \r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5;a=b\t\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5 ;\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5 a\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        (" ;a\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5;\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5;a=\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5;a=\"\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5;a\rb\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5;a=\"\0\"\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("0x5\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("-5\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("g\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5\n", "HTTP_INVALID_LINE_END"),
        ("5;a\nhello\r\n", "HTTP_INVALID_LINE_END"),
        ("00000000000000005\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("10000000000000005\r\nhello\r\n", "HTTP_INVALID_CHUNK_SIZE"),
        ("5\r\nhelloX0\r\n", "HTTP_INVALID_CHUNK_END"),
        ("5\r\nhello\n0\r\n", "HTTP_INVALID_CHUNK_END"),
        ("5\r\nhello\rX", "HTTP_INVALID_CHUNK_END"),
        ("5\r\nhello0\r\n", "HTTP_INVALID_CHUNK_END"),
        ("0\r\nbad\r\n\r\n", "HTTP_INVALID_TRAILER"),
        ("0\r\na : b\r\n\r\n", "HTTP_INVALID_TRAILER"),
        ("0\r\na: b\r\n c\r\n\r\n", "HTTP_INVALID_TRAILER"),
        ("0\r\na: b\n\r\n", "HTTP_INVALID_TRAILER"),
        ("0\r\n\n", "HTTP_INVALID_TRAILER"),
        ("0\r\na: b\0\r\n\r\n", "HTTP_INVALID_TRAILER"),
    ] {
        assert_eq!(refused(&chunked(body)), (400, code), "{body:?}");
    }
    for size in ["ffffffffffffffff", "8000001"] {
        let found = refused(&chunked(&format!("1\r\na\r\n{size}\r\n")));
        assert_eq!(found, (413, "HTTP_BODY_TOO_LARGE"), "{size}");
    }
}

#[test]
fn limits_what_is_not_data() {
    let line = format!("1;{}\r\n", "a".repeat(4_200));
    assert_eq!(refused(&chunked(&line)), (400, "HTTP_CHUNK_LINE_TOO_LONG"));
    // Never ending, without a line end.
    let limits = Limits::default();
    let endless = chunked(&format!("1;{}", "a".repeat(5_000)));
    let refusal = decode_all_ways(&limits, &endless).refusal.unwrap();
    assert_eq!(refusal.code, "HTTP_CHUNK_LINE_TOO_LONG");
    let spam = format!("1;{}\r\nx\r\n", "a".repeat(1_000)).repeat(20);
    assert_eq!(refused(&chunked(&spam)), (400, "HTTP_TOO_MANY_CHUNK_EXTENSIONS"));
    let quadratic = format!("1{}\r\n", ";a".repeat(256 * 1024));
    assert_eq!(decode_pieces(&limits, [&chunked(&quadratic)[..]]).refusal.unwrap().status, 400);
    // A signed upload: 85 bytes of extensions for each 8 KiB of data.
    let signature = format!("chunk-signature={}", "0".repeat(64));
    let signed = format!("2000;{signature}\r\n{}\r\n", "d".repeat(8_192)).repeat(300);
    let signed = chunked(&format!("{signed}0;{signature}\r\n\r\n"));
    let outcome = decode_pieces(&limits, signed.chunks(65_536));
    assert_eq!(outcome.refusal, None);
    assert_eq!(outcome.messages[0].body.len(), 300 * 8_192);
}

#[test]
fn hands_out_trailers() {
    let message = accepted(&chunked(
        "1\r\na\r\n0\r\nX-Sum:  12\r\nContent-Length: 5\r\nHost: b\r\nx-empty:\r\nTE: x\r\n\r\n",
    ));
    assert_eq!(message.trailers, "x-sum:12\nx-empty:\n");
    assert_eq!(accepted(&chunked("0\r\n\r\n")).trailers, "");
}

#[test]
fn limits_trailers() {
    let limits = Limits { max_header_size: 60, max_headers_count: 3, ..Limits::default() };
    let start = "POST / HTTP/1.1\r\nHost:a\r\nTransfer-Encoding:chunked\r\n\r\n0\r\n";
    assert!(start.len() - 3 <= 60);
    let status = |trailers: &str| {
        let input = format!("{start}{trailers}");
        let refusal = decode_all_ways(&limits, input.as_bytes()).refusal;
        refusal.map(|refusal| (refusal.status, refusal.code))
    };
    assert_eq!(status("a:\r\nb:\r\nc:\r\n\r\n"), None);
    assert_eq!(status("a:\r\nb:\r\nc:\r\nd:\r\n\r\n"), Some((431, "HTTP_TOO_MANY_TRAILERS")));
    assert_eq!(status(&format!("a:{}\r\n\r\n", "b".repeat(54))), None);
    let large = Some((431, "HTTP_TRAILERS_TOO_LARGE"));
    assert_eq!(status(&format!("a:{}\r\n\r\n", "b".repeat(55))), large);
    assert_eq!(status(&"a".repeat(100)), large);
}

#[test]
fn limits_the_body() {
    let limits = Limits { max_request_body_size: 5, ..Limits::default() };
    let status = |input: &[u8]| {
        let refusal = decode_all_ways(&limits, input).refusal;
        refusal.map(|refusal| refusal.status)
    };
    assert_eq!(status(&post("Content-Length: 5", "hello")), None);
    assert_eq!(status(&post("Content-Length: 6", "hello!")), Some(413));
    assert_eq!(status(&chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")), None);
    assert_eq!(status(&chunked("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")), Some(413));
    let none = Limits { max_request_body_size: u64::MAX, ..Limits::default() };
    let huge = post("Content-Length: 9999999999999999999", "");
    let outcome = decode_all_ways(&none, &huge);
    assert_eq!(outcome.messages[0].head.body, BodyLength::Length(9_999_999_999_999_999_999));
    assert!(outcome.is_cut);
    // Two chunks whose sizes overflow together.
    let overflow = chunked("1\r\na\r\nffffffffffffffff\r\n");
    assert_eq!(decode_all_ways(&none, &overflow).refusal.unwrap().status, 413);
}

#[test]
fn tells_a_cut_message() {
    let limits = Limits::default();
    for input in [
        &b"G"[..],
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r",
        &post("Content-Length: 5", "hell"),
        &chunked(""),
        &chunked("5\r\nhel"),
        &chunked("0\r\n"),
        &chunked("5\r\nhello"),
    ] {
        let outcome = decode_all_ways(&limits, input);
        assert!(outcome.is_cut && outcome.refusal.is_none(), "{}", input.escape_ascii());
    }
    assert!(!decode_all_ways(&limits, &post("Content-Length: 5", "hello")).is_cut);
}
