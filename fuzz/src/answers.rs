//! What a strict client makes of the bytes a connection wrote.

use http1::Version;

use super::grammar;

/// The request an answer belongs to, as far as the client must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub is_head: bool,
    pub version: Version,
}

/// How the end of an answer's body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    NoBody,
    Length(u64),
    Chunks,
    UntilClose,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    pub status: u16,
    pub reason: &'a [u8],
    /// The lines as they came, without their ends.
    pub lines: Vec<&'a [u8]>,
    pub told: Told,
    pub body: Vec<u8>,
    pub trailers: Vec<&'a [u8]>,
    /// The client knows that nothing is missing.
    pub is_whole: bool,
    pub closes: bool,
}

impl Answer<'_> {
    pub fn is_informational(&self) -> bool {
        self.status < 200
    }
}

/// Reads one answer and leaves what follows it. Panics where it is not well formed. The body may
/// be cut, the head may not: it is written at once.
pub fn read<'a>(bytes: &mut &'a [u8], asked: Asked) -> Answer<'a> {
    let (line, mut rest) = grammar::line(bytes).expect("a status line");
    let line = line.strip_prefix(b"HTTP/1.1 ").expect("a version");
    let (code, reason) = line.split_at(3);
    let status = grammar::number(code).expect("a status code") as u16;
    assert!((100..=599).contains(&status));
    let reason = reason.strip_prefix(b" ").expect("a space behind the status code");
    assert!(grammar::is_text(reason));
    let (lines, fields) = read_fields(&mut rest).expect("a header section");
    let told = told(asked, status, &fields);
    let closes = check_connection(asked, status, &fields) || told == Told::UntilClose;
    let mut answer = Answer {
        status,
        reason,
        lines,
        told,
        body: Vec::new(),
        trailers: Vec::new(),
        is_whole: true,
        closes,
    };
    match told {
        Told::NoBody => {}
        Told::Length(length) => {
            let len = rest.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            answer.is_whole = len as u64 == length;
            answer.body.extend_from_slice(&rest[..len]);
            rest = &rest[len..];
        }
        Told::UntilClose => answer.body.extend_from_slice(core::mem::take(&mut rest)),
        Told::Chunks => match read_chunks(&mut answer, rest) {
            Some(behind) => rest = behind,
            None => {
                answer.is_whole = false;
                rest = b"";
            }
        },
    }
    *bytes = rest;
    answer
}

type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;

fn read_fields<'a>(rest: &mut &'a [u8]) -> Option<(Vec<&'a [u8]>, Fields<'a>)> {
    let (mut lines, mut fields) = (Vec::new(), Vec::new());
    loop {
        let (line, behind) = grammar::line(rest)?;
        *rest = behind;
        if line.is_empty() {
            return Some((lines, fields));
        }
        fields.push(grammar::field(line).expect("a field"));
        lines.push(line);
    }
}

/// RFC 9112 section 6.3, as a client must read it; and what section 6.1 and 6.2 forbid to send.
fn told(asked: Asked, status: u16, fields: &[(&[u8], &[u8])]) -> Told {
    let lengths = grammar::values(fields, "content-length");
    let codings = grammar::values(fields, "transfer-encoding");
    let has_none = status < 200 || status == 204;
    assert!(lengths.len() + codings.len() <= 1, "an answer with two lengths");
    assert!(!has_none || lengths.len() + codings.len() == 0, "a length that must not be");
    let length = lengths.first().map(|length| grammar::number(length).expect("a plain length"));
    assert!(codings.iter().all(|coding| *coding == b"chunked"));
    assert!(codings.is_empty() || asked.version == Version::Http11, "chunks for HTTP/1.0");
    if has_none || status == 304 || asked.is_head {
        return Told::NoBody;
    }
    match (length, codings.is_empty()) {
        (Some(length), _) => Told::Length(length),
        (None, false) => Told::Chunks,
        (None, true) => Told::UntilClose,
    }
}

/// Whether the connection ends with this answer (RFC 9112 section 9.3).
fn check_connection(asked: Asked, status: u16, fields: &[(&[u8], &[u8])]) -> bool {
    let said = grammar::values(fields, "connection");
    if status < 200 {
        assert!(said.is_empty());
        assert_eq!(asked.version, Version::Http11, "an informational answer for HTTP/1.0");
        return false;
    }
    assert!(!grammar::values(fields, "date").is_empty(), "an answer without date");
    for name in ["keep-alive", "proxy-connection"] {
        assert!(grammar::values(fields, name).is_empty(), "a {name} of the application's");
    }
    // Only a 426 names protocols (RFC 9110 section 15.5.22), and then says so.
    let upgrades = !grammar::values(fields, "upgrade").is_empty();
    assert!(!upgrades || status == 426, "an upgrade of the application's");
    assert_eq!(said.first() == Some(&&b"upgrade"[..]), upgrades);
    match &said[usize::from(upgrades)..] {
        [b"close"] => true,
        [b"keep-alive"] => false,
        [] => {
            assert_eq!(asked.version, Version::Http11, "HTTP/1.0 must be told");
            false
        }
        other => panic!("what is said about the connection: {other:?}"),
    }
}

/// `None` where the body is cut.
fn read_chunks<'a>(answer: &mut Answer<'a>, mut rest: &'a [u8]) -> Option<&'a [u8]> {
    loop {
        if !rest.contains(&b'\n') {
            return None;
        }
        let (line, behind) = grammar::line(rest).expect("a chunk-size line");
        let (size, extensions) = grammar::chunk_size(line).expect("a chunk size");
        assert_eq!(extensions, 0);
        rest = behind;
        if size == 0 {
            break;
        }
        let len = rest.len().min(usize::try_from(size).unwrap_or(usize::MAX));
        answer.body.extend_from_slice(&rest[..len]);
        rest = &rest[len..];
        if rest.is_empty() {
            return None;
        }
        rest = rest.strip_prefix(b"\r\n").expect("the end of a chunk");
    }
    let (lines, _) = read_fields(&mut rest)?;
    answer.trailers = lines;
    Some(rest)
}
