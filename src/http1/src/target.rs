//! Request lines and what stands in them: methods, targets, versions, hosts.

use core::net::Ipv6Addr;
use core::ops::Range;

use crate::ascii::{is_host_byte, is_token, is_token_byte};
use crate::fault::{self, Fault};
use crate::head::Version;
use crate::limits::MAX_METHOD;

/// The parts of a request line (RFC 9112 section 3).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RequestLine {
    pub method: Range<usize>,
    pub target: Range<usize>,
    pub version: Version,
}

/// Reads a line that Milo refused: it knows HTTP/1.1 only, no method of one or two letters, and
/// none of the bytes `" < > \ ^ { | }` and backtick that browsers send raw in targets.
pub(crate) fn read_request_line(line: &[u8]) -> Result<RequestLine, &'static Fault> {
    let method_end = line.iter().position(|&byte| !is_token_byte(byte)).unwrap_or(line.len());
    if method_end == 0 || line.get(method_end) != Some(&b' ') {
        return Err(&fault::INVALID_METHOD);
    }
    let Some(line) = line.strip_suffix(b"\r\n") else { return Err(&fault::INVALID_LINE_END) };
    let target_start = method_end + 1;
    let rest = line.get(target_start..).unwrap_or_default();
    let Some(target_len) = memchr::memchr(b' ', rest) else {
        return Err(&fault::INVALID_REQUEST_LINE);
    };
    let target = target_start..target_start + target_len;
    if target.is_empty() {
        return Err(&fault::INVALID_REQUEST_LINE);
    }
    let version = read_version(&rest[target_len + 1..])?;
    // RFC 3986 has no 8-bit bytes, and a fragment is never sent.
    if !line[target.clone()].iter().all(|&byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(&fault::INVALID_TARGET);
    }
    Ok(RequestLine { method: 0..method_end, target, version })
}

/// RFC 9112 section 2.3.
fn read_version(text: &[u8]) -> Result<Version, &'static Fault> {
    match text {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(&fault::VERSION_NOT_SUPPORTED)
        }
        _ => Err(&fault::INVALID_VERSION),
    }
}

/// Whether this server takes the method and the method takes the target (RFC 9112 section 3.2).
pub(crate) fn check_target(method: &[u8], target: &[u8]) -> Result<(), &'static Fault> {
    if method.len() > MAX_METHOD {
        return Err(&fault::METHOD_TOO_LONG);
    }
    if method == b"CONNECT" {
        return Err(&fault::CONNECT_NOT_IMPLEMENTED);
    }
    match target.first() {
        Some(b'/') => Ok(()),
        Some(b'*') if target.len() == 1 && method == b"OPTIONS" => Ok(()),
        _ => check_absolute_form(target),
    }
}

/// RFC 9112 section 3.2.2: `http://authority...`.
fn check_absolute_form(target: &[u8]) -> Result<(), &'static Fault> {
    let has_scheme = |scheme: &[u8]| {
        target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let authority_start = match () {
        () if has_scheme(b"http://") => 7,
        () if has_scheme(b"https://") => 8,
        () => return Err(&fault::INVALID_TARGET),
    };
    let rest = &target[authority_start..];
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    if is_host(&rest[..end]) { Ok(()) } else { Err(&fault::INVALID_TARGET) }
}

/// `uri-host [ ":" port ]` (RFC 9110 section 7.2), not empty: an http URI without a host is
/// invalid (RFC 9110 section 4.2.1), and no user information (RFC 9110 section 4.2.4).
pub(crate) fn is_host(value: &[u8]) -> bool {
    let (host_len, is_valid) = match value.first() {
        Some(b'[') => match memchr::memchr(b']', value) {
            Some(end) => (end + 1, is_ip_literal(&value[1..end])),
            None => return false,
        },
        _ => {
            let end = value.iter().position(|&byte| !is_host_byte(byte)).unwrap_or(value.len());
            (end, is_host_name(&value[..end]))
        }
    };
    is_valid && is_port(&value[host_len..])
}

/// Nothing, or a colon and 0 to 65535; the digits may be left out.
fn is_port(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b':', digits @ ..] => {
            let mut port = 0u32;
            digits.iter().all(|byte| {
                port = port.saturating_mul(10).saturating_add(u32::from(byte.wrapping_sub(b'0')));
                byte.is_ascii_digit() && port <= u32::from(u16::MAX)
            })
        }
        _ => false,
    }
}

/// `reg-name`, or an IPv4 address, which is one by its form (RFC 3986 section 3.2.2); its bytes
/// are checked.
fn is_host_name(name: &[u8]) -> bool {
    !name.is_empty()
        && memchr::memchr_iter(b'%', name).all(|at| {
            name.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
        })
}

/// What stands between the brackets: an IPv6 address or `v1.future`.
fn is_ip_literal(text: &[u8]) -> bool {
    if let [b'v' | b'V', rest @ ..] = text {
        let mut parts = rest.splitn(2, |&byte| byte == b'.');
        let version = parts.next().unwrap_or_default();
        let address = parts.next().unwrap_or_default();
        return !version.is_empty()
            && version.iter().all(u8::is_ascii_hexdigit)
            && !address.is_empty()
            && address.iter().all(|&byte| byte == b':' || (is_host_byte(byte) && byte != b'%'));
    }
    core::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// An element of `upgrade`: `name` or `name/version` (RFC 9110 section 7.8).
pub(crate) fn is_protocol(element: &[u8]) -> bool {
    match memchr::memchr(b'/', element) {
        Some(slash) => is_token(&element[..slash]) && is_token(&element[slash + 1..]),
        None => is_token(element),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for good in [
            &b"a"[..],
            b"a.b-c_d",
            b"a:",
            b"a:0",
            b"a:65535",
            b"1.2.3.4:80",
            b"[::1]",
            b"[::1]:80",
            b"[::ffff:1.2.3.4]",
            b"[v1.a:b]",
            b"%41b",
            b"a!$&'()*+,;=~",
            b"a:00080",
        ] {
            assert!(is_host(good), "{:?}", good.escape_ascii().to_string());
        }
        for bad in [
            &b""[..],
            b":80",
            b"a:65536",
            b"a:x",
            b"a:80:80",
            b"a b",
            b"a/b",
            b"a?b",
            b"u@a",
            b"[::1",
            b"[::1]x",
            b"[:::1]",
            b"[]",
            b"::1",
            b"%4",
            b"%zz",
            b"a\\b",
            b"\xe4",
            b"a#b",
            b"[fe80::1%25eth0]",
            b"[v.a]",
            b"[v1.]",
            b"a:-1",
            b"a:99999999999999999999",
            b"<a>",
        ] {
            assert!(!is_host(bad), "{:?}", bad.escape_ascii().to_string());
        }
    }

    #[test]
    fn targets() {
        let ok = |method: &str, target: &str| check_target(method.as_bytes(), target.as_bytes());
        for (method, target) in [
            ("GET", "/"),
            ("GET", "//a"),
            ("GET", "/?a=http://b"),
            ("OPTIONS", "*"),
            ("OPTIONS", "/"),
            ("GET", "http://a"),
            ("GET", "HTTP://a:80/b"),
            ("GET", "https://a?b"),
            ("PURGE", "/"),
        ] {
            assert_eq!(ok(method, target), Ok(()), "{method} {target}");
        }
        for (method, target, status) in [
            ("GET", "*", 400),
            ("OPTIONS", "*a", 400),
            ("GET", "a", 400),
            ("GET", "a:80", 400),
            ("GET", "http://", 400),
            ("GET", "http:///a", 400),
            ("GET", "http://u@a/", 400),
            ("GET", "ftp://a/", 400),
            ("GET", "http:/a", 400),
            ("GET", "?a", 400),
            ("CONNECT", "a:80", 501),
            ("CONNECT", "/", 501),
            ("GET", "http://a:x/", 400),
        ] {
            assert_eq!(ok(method, target).unwrap_err().status, status, "{method} {target}");
        }
    }

    #[test]
    fn request_lines() {
        let line = read_request_line(b"X /{|} HTTP/1.0\r\n").unwrap();
        assert_eq!(line, RequestLine { method: 0..1, target: 2..6, version: Version::Http10 });
        for (text, status) in [
            (&b"GET / HTTP/1.2\r\n"[..], 505),
            (b"GET / HTTP/2.0\r\n", 505),
            (b"GET / HTTP/1.10\r\n", 400),
            (b"GET / http/1.1\r\n", 400),
            (b"GET /\r\n", 400),
            (b"GET  / HTTP/1.1\r\n", 400),
            (b"GET / HTTP/1.1 \r\n", 400),
            (b"\r\n", 400),
            (b"GET /\xe4 HTTP/1.1\r\n", 400),
            (b"GET /# HTTP/1.1\r\n", 400),
            (b"GET\r\n", 400),
            (b"GET / HTTP/1.1\n", 400),
            (b"GET /a b HTTP/1.1\r\n", 400),
            (b" / HTTP/1.1\r\n", 400),
            (b"GET\t/\tHTTP/1.1\r\n", 400),
            (b"GET /\x7f HTTP/1.1\r\n", 400),
            (b"GET ", 400),
            (b"GET / HTTP/1.1\r\r\n", 400),
            (b"G(T / HTTP/1.1\r\n", 400),
        ] {
            let fault = read_request_line(text).unwrap_err();
            assert_eq!(fault.status, status, "{:?}", text.escape_ascii().to_string());
        }
    }
}
