//! Whether what the decoder accepted may be accepted, and was understood right: the message is
//! read again from its bytes, by the plain grammar.

use http1::{BodyLength, Limits, MAX_EXTENSION_BYTES, RequestHead, Version};

use super::grammar;

/// One message as the decoder told it, and where in the stream it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    pub head: RequestHead,
    pub packed: Vec<u8>,
    pub body: Vec<u8>,
    pub trailers: Vec<u8>,
    pub start: usize,
    pub head_end: usize,
    /// Set when the message is whole.
    pub end: Option<usize>,
}

impl Message {
    /// Panics where the message is not what its bytes say.
    pub fn check(&self, limits: &Limits, stream: &[u8]) {
        let mut text = &stream[self.start..self.head_end];
        while let Some(rest) = text.strip_prefix(b"\r\n") {
            text = rest;
        }
        assert!(text.len() <= limits.max_header_size as usize, "the head is too large");
        let (line, rest) = grammar::line(text).expect("a request line");
        let mut fields = Vec::new();
        let mut rest = rest;
        loop {
            let (line, behind) = grammar::line(rest).expect("a header line");
            rest = behind;
            if line.is_empty() {
                break;
            }
            fields.push(grammar::field(line).expect("a header field"));
        }
        assert!(rest.is_empty(), "the head goes on behind its empty line");
        assert!(fields.len() <= limits.max_headers_count as usize, "too many header lines");
        self.check_request_line(line);
        self.check_packed(line, &fields);
        self.check_framing(limits, &fields);
        self.check_facts(&fields);
        self.check_body(limits, &stream[self.head_end..]);
    }

    fn check_request_line(&self, line: &[u8]) {
        let parts: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        let [method, target, version] = parts[..] else { panic!("three parts") };
        assert!(grammar::is_token(method));
        assert_ne!(method, b"CONNECT");
        assert!(!target.is_empty() && target.iter().all(u8::is_ascii_graphic));
        assert_eq!(usize::from(self.head.method_len), method.len());
        assert_eq!(self.head.target_len as usize, target.len());
        assert_eq!(self.head.is_head, method == b"HEAD");
        let expected: &[u8] = match self.head.version {
            Version::Http10 => b"HTTP/1.0",
            Version::Http11 => b"HTTP/1.1",
        };
        assert_eq!(version, expected);
        let has_form = target[0] == b'/'
            || (target == b"*" && method == b"OPTIONS")
            || target.to_ascii_lowercase().starts_with(b"http");
        assert!(has_form, "the target has no form");
    }

    fn check_packed(&self, line: &[u8], fields: &[(&[u8], &[u8])]) {
        let end = line.iter().rposition(|&byte| byte == b' ').unwrap();
        let mut packed = line[..end].to_vec();
        packed.push(b'\n');
        for (name, value) in fields {
            packed.extend(name.to_ascii_lowercase());
            packed.push(b':');
            packed.extend_from_slice(value);
            packed.push(b'\n');
        }
        assert_eq!(self.packed.escape_ascii().to_string(), packed.escape_ascii().to_string());
    }

    /// RFC 9112 section 6.3, as strictly as it allows.
    fn check_framing(&self, limits: &Limits, fields: &[(&[u8], &[u8])]) {
        let lengths = grammar::values(fields, "content-length");
        let codings = grammar::values(fields, "transfer-encoding");
        let expected = match (&lengths[..], &codings[..]) {
            ([], []) => BodyLength::None,
            ([length], []) => BodyLength::Length(grammar::number(length).expect("a number")),
            ([], [coding]) => {
                assert!(coding.eq_ignore_ascii_case(b"chunked"));
                assert_eq!(self.head.version, Version::Http11);
                BodyLength::Chunked
            }
            _ => panic!("the framing is ambiguous"),
        };
        assert_eq!(self.head.body, expected);
        if let BodyLength::Length(length) = expected {
            assert!(length <= limits.max_request_body_size, "the declared body is too large");
        }
        let hosts = grammar::values(fields, "host");
        assert!(hosts.len() <= 1);
        assert!(hosts.len() == 1 || self.head.version == Version::Http10);
        let is_plain = |host: &&[u8]| host.iter().all(|byte| !b" \t/?#@,\\\"<>".contains(byte));
        assert!(hosts.iter().all(|host| !host.is_empty()));
        assert!(hosts.iter().all(|host| is_plain(host) || !host.contains(&b' ')));
    }

    fn check_facts(&self, fields: &[(&[u8], &[u8])]) {
        let is_11 = self.head.version == Version::Http11;
        let has = |name, element: &str| {
            grammar::elements(fields, name).iter().any(|other| other == element.as_bytes())
        };
        let keeps = !has("connection", "close") && (is_11 || has("connection", "keep-alive"));
        assert_eq!(self.head.keep_alive, keeps);
        let expectations = grammar::elements(fields, "expect");
        assert!(expectations.iter().all(|element| element == b"100-continue"));
        let has_body = !matches!(self.head.body, BodyLength::None | BodyLength::Length(0));
        assert_eq!(self.head.expect_continue, !expectations.is_empty() && is_11 && has_body);
        let offers = !grammar::elements(fields, "upgrade").is_empty();
        if self.head.upgrade {
            assert!(offers && has("connection", "upgrade"));
        }
    }

    fn check_body(&self, limits: &Limits, wire: &[u8]) {
        let wire = &wire[..self.end.map_or(wire.len(), |end| end - self.head_end)];
        assert!(self.body.len() as u64 <= limits.max_request_body_size, "the body is too large");
        match self.head.body {
            BodyLength::None => assert!(self.body.is_empty() && self.trailers.is_empty()),
            BodyLength::Length(length) => {
                assert!(wire.starts_with(&self.body));
                assert!(self.end.is_none() || self.body.len() as u64 == length);
            }
            BodyLength::Chunked => {
                let read = Chunks::read(wire);
                assert!(read.data.starts_with(&self.body));
                if self.end.is_some() {
                    assert_eq!(read.rest, Some(&b""[..]), "the chunks end where they were said to");
                    assert_eq!(read.data.len(), self.body.len());
                    read.check_trailers(limits, &self.trailers);
                }
                read.check_overhead();
            }
        }
        if self.head.body == BodyLength::None {
            assert!(self.end.is_none_or(|end| end == self.head_end));
        }
    }
}

/// A chunked body, read again.
struct Chunks<'a> {
    data: Vec<u8>,
    count: usize,
    size_bytes: usize,
    extension_bytes: usize,
    trailers: Vec<(&'a [u8], &'a [u8])>,
    /// What follows the body; `None` where it is cut or wrong.
    rest: Option<&'a [u8]>,
}

impl<'a> Chunks<'a> {
    fn read(wire: &'a [u8]) -> Self {
        let mut chunks = Self {
            data: Vec::new(),
            count: 0,
            size_bytes: 0,
            extension_bytes: 0,
            trailers: Vec::new(),
            rest: None,
        };
        chunks.rest = chunks.go_on(wire);
        chunks
    }

    fn go_on(&mut self, mut wire: &'a [u8]) -> Option<&'a [u8]> {
        loop {
            let (line, rest) = grammar::line(wire)?;
            let (size, extensions) = grammar::chunk_size(line)?;
            self.count += 1;
            self.size_bytes += line.len() - extensions;
            self.extension_bytes += extensions;
            wire = rest;
            if size == 0 {
                break;
            }
            let len = wire.len().min(usize::try_from(size).unwrap_or(usize::MAX));
            self.data.extend_from_slice(&wire[..len]);
            wire = wire[len..].strip_prefix(b"\r\n")?;
        }
        loop {
            let (line, rest) = grammar::line(wire)?;
            wire = rest;
            if line.is_empty() {
                return Some(wire);
            }
            self.trailers.push(grammar::field(line)?);
        }
    }

    /// Each trailer that was told stands on the wire, in that order; what frames or routes does
    /// not come through.
    fn check_trailers(&self, limits: &Limits, packed: &[u8]) {
        assert!(self.trailers.len() <= limits.max_headers_count as usize);
        let mut lines = self.trailers.iter();
        for told in packed.split_inclusive(|&byte| byte == b'\n') {
            let is_it = |(name, value): &&(&[u8], &[u8])| {
                [&name.to_ascii_lowercase(), &b":"[..], value, b"\n"].concat() == told
            };
            assert!(lines.any(|line| is_it(&line)), "a trailer out of nothing");
            for name in ["content-length:", "transfer-encoding:", "host:", "connection:", "te:"] {
                assert!(!told.starts_with(name.as_bytes()), "a trailer that must not come");
            }
        }
    }

    /// What is not data is bounded by the data, the last line perhaps not being looked at yet.
    fn check_overhead(&self) {
        let share = self.data.len() / 32;
        let bound = MAX_EXTENSION_BYTES as usize + share + http1::MAX_CHUNK_LINE;
        assert!(self.extension_bytes <= bound, "extensions without end");
        let sizes = self.count * 16 + http1::MAX_CHUNK_LINE;
        assert!(self.size_bytes <= sizes, "chunk sizes of {} bytes", self.size_bytes);
    }
}
