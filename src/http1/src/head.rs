//! The packed head, and what its lines say about the message.

use crate::ascii::{is_field_value, is_token, list, number, trim};
use crate::fault::{self, Fault};
use crate::framing::Coding;
use crate::limits::Limits;
use crate::milo::{HeadState, MAX_PIECE, Milo, Pair, Stop};
use crate::target::{check_target, is_host, is_protocol, read_request_line};

/// The HTTP version of a request (RFC 9112 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    #[default]
    Http11,
}

/// How long the body of a request is (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyLength {
    /// There is none.
    #[default]
    None,
    /// So many bytes; may be 0.
    Length(u64),
    /// Told by the chunked coding.
    Chunked,
}

/// What a server must know of a request; its text is in [`crate::Engine::head`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestHead {
    /// Bytes of the method, at the start of the packed head.
    pub method_len: u16,
    /// Bytes of the target, behind the method and one space.
    pub target_len: u32,
    /// The version.
    pub version: Version,
    /// The framing of the body.
    pub body: BodyLength,
    /// The client allows another request on this connection (RFC 9112 section 9.3).
    pub keep_alive: bool,
    /// It waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
    pub expect_continue: bool,
    /// The method is HEAD: the answer has no body.
    pub is_head: bool,
    /// It offers another protocol (RFC 9110 section 7.8); nobody switches.
    pub upgrade: bool,
}

/// What the lines of a head have said so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts {
    pub method_len: u16,
    pub target_len: u32,
    pub lines: u32,
    pub version: Version,
    pub coding: Coding,
    pub content_length: Option<u64>,
    pub has_host: bool,
    pub says_close: bool,
    pub says_keep_alive: bool,
    pub says_upgrade: bool,
    pub has_upgrade: bool,
    pub expects_continue: bool,
}

/// A fault, and where in the given text its line starts.
pub(crate) type Misplaced = (&'static Fault, usize);

/// Reads head lines into a packed head: `METHOD SP target LF` and `name:value LF` for each line.
pub(crate) struct HeadReader<'a> {
    pub milo: &'a mut Milo,
    pub packed: &'a mut Vec<u8>,
    pub state: &'a mut HeadState,
    pub facts: &'a mut Facts,
    pub limits: &'a Limits,
}

impl HeadReader<'_> {
    /// Reads whole lines. `Some`: how many bytes the head took; `None`: all, and it goes on.
    pub(crate) fn read(&mut self, text: &[u8]) -> Result<Option<usize>, Misplaced> {
        let mut at = 0;
        while at < text.len() {
            let piece = &text[at..piece_end(text, at)];
            let (used, stop) = self.milo.head_lines(self.state, piece);
            self.pack(piece).map_err(|(fault, within)| (fault, at + within))?;
            at += used;
            match stop {
                Stop::HeadEnd => return Ok(Some(at)),
                Stop::NeedMore => {}
                Stop::Refused => at += self.mend(&text[at..]).map_err(|fault| (fault, at))?,
            }
        }
        Ok(None)
    }

    /// One pass over what Milo found.
    fn pack(&mut self, text: &[u8]) -> Result<(), Misplaced> {
        // The packed text is never longer than the lines.
        self.packed.reserve(text.len());
        for pair in self.milo.events() {
            let (packed, facts) = (&mut *self.packed, &mut *self.facts);
            match pair {
                Pair::Field(name, value) => {
                    let line_start = name.start;
                    facts.lines += 1;
                    if facts.lines > self.limits.max_headers_count {
                        return Err((&fault::TOO_MANY_HEADERS, line_start));
                    }
                    let (name, value) = (&text[name], &text[value]);
                    facts.note(name, value).map_err(|fault| (fault, line_start))?;
                    push_field(packed, &text[line_start..], name.len(), value);
                }
                Pair::RequestLine(method, target) => {
                    let method = &text[method];
                    // Milo takes PRI for the start of HTTP/2 only.
                    if method == b"PRI" {
                        return Err((&fault::VERSION_NOT_SUPPORTED, 0));
                    }
                    begin(packed, facts, method, &text[target]).map_err(|fault| (fault, 0))?;
                }
            }
        }
        Ok(())
    }

    /// Reads the line that Milo refused, if HTTP allows it; returns its length.
    #[cold]
    fn mend(&mut self, text: &[u8]) -> Result<usize, &'static Fault> {
        let len = memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1);
        let line = &text[..len];
        if self.state.before_request_line() {
            let parts = read_request_line(line)?;
            self.facts.version = parts.version;
            begin(self.packed, self.facts, &line[parts.method], &line[parts.target])?;
        } else {
            self.mend_header(line)?;
        }
        Milo::skip_line(self.state);
        Ok(len)
    }

    /// The fields in whose lists Milo takes no empty element, though RFC 9110 section 5.6.1.2
    /// says one must.
    fn mend_header(&mut self, line: &[u8]) -> Result<(), &'static Fault> {
        let (name, value) = split_line(line)?;
        match &name.to_ascii_lowercase()[..] {
            b"connection" | b"upgrade" | b"trailer" => {}
            b"content-length" => return Err(self.facts.content_length_fault()),
            b"transfer-encoding" if self.facts.content_length.is_some() => {
                return Err(&fault::CONFLICTING_FRAMING);
            }
            b"transfer-encoding" => return Err(&fault::INVALID_TRANSFER_ENCODING),
            _ => return Err(&fault::INVALID_HEADER_VALUE),
        }
        self.facts.lines += 1;
        if self.facts.lines > self.limits.max_headers_count {
            return Err(&fault::TOO_MANY_HEADERS);
        }
        self.facts.note(name, value)?;
        push_field(self.packed, line, name.len(), value);
        Ok(())
    }
}

/// The end of the lines behind `at` that Milo may be given in one call.
fn piece_end(text: &[u8], at: usize) -> usize {
    if text.len() - at <= MAX_PIECE {
        return text.len();
    }
    let whole = memchr::memrchr(b'\n', &text[at..at + MAX_PIECE]);
    // A line longer than that goes alone: one line has two events.
    let end = whole.or_else(|| memchr::memchr(b'\n', &text[at..]));
    end.map_or(text.len(), |end| at + end + 1)
}

fn begin(
    packed: &mut Vec<u8>,
    facts: &mut Facts,
    method: &[u8],
    target: &[u8],
) -> Result<(), &'static Fault> {
    check_target(method, target)?;
    facts.method_len = method.len() as u16;
    facts.target_len = target.len() as u32;
    packed.extend_from_slice(method);
    packed.push(b' ');
    packed.extend_from_slice(target);
    packed.push(b'\n');
    Ok(())
}

/// Appends `name:value LF`, the name in lower case. `line` starts with the name.
#[inline]
pub(crate) fn push_field(packed: &mut Vec<u8>, line: &[u8], name_len: usize, value: &[u8]) {
    const BLOCK: usize = 16;
    let end = packed.len() + name_len;
    let mut at = 0;
    while at < name_len {
        // A block that is too long, cut off below, is faster than one of the right length.
        match line[at..].first_chunk::<BLOCK>() {
            Some(block) => packed.extend_from_slice(&block.map(|byte| byte.to_ascii_lowercase())),
            None => packed.extend(line[at..name_len].iter().map(u8::to_ascii_lowercase)),
        }
        at += BLOCK;
    }
    packed.truncate(end);
    packed.push(b':');
    packed.extend_from_slice(value);
    packed.push(b'\n');
}

/// A header line in its two halves, the value trimmed (RFC 9112 section 5).
fn split_line(line: &[u8]) -> Result<(&[u8], &[u8]), &'static Fault> {
    // RFC 9112 section 5.2.
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(&fault::OBSOLETE_FOLDING);
    }
    let colon = memchr::memchr(b':', line).ok_or(&fault::INVALID_HEADER_NAME)?;
    if !is_token(&line[..colon]) {
        return Err(&fault::INVALID_HEADER_NAME);
    }
    let Some(value) = line[colon + 1..].strip_suffix(b"\r\n") else {
        return Err(&fault::INVALID_LINE_END);
    };
    if !is_field_value(value) {
        return Err(&fault::INVALID_HEADER_VALUE);
    }
    Ok((&line[..colon], trim(value)))
}

impl Facts {
    /// Takes note of one line. The name is a token, the value trimmed.
    #[inline]
    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), &'static Fault> {
        let is = |text: &[u8]| name.eq_ignore_ascii_case(text);
        match (name.len(), name[0] | 0x20) {
            (4, b'h') if is(b"host") => self.note_host(value),
            (6, b'e') if is(b"expect") => self.note_expect(value),
            (7, b'u') if is(b"upgrade") => self.note_upgrade(value),
            (10, b'c') if is(b"connection") => self.note_connection(value),
            (14, b'c') if is(b"content-length") => self.note_content_length(value),
            (17, b't') if is(b"transfer-encoding") => self.note_transfer_encoding(value),
            _ => Ok(()),
        }
    }

    /// RFC 9112 section 3.2.
    fn note_host(&mut self, value: &[u8]) -> Result<(), &'static Fault> {
        if self.has_host {
            return Err(&fault::DUPLICATE_HOST);
        }
        self.has_host = true;
        if is_host(value) { Ok(()) } else { Err(&fault::INVALID_HOST) }
    }

    /// RFC 9110 section 10.1.1.
    fn note_expect(&mut self, value: &[u8]) -> Result<(), &'static Fault> {
        for element in list(value).filter(|element| !element.is_empty()) {
            if !element.eq_ignore_ascii_case(b"100-continue") {
                return Err(&fault::EXPECTATION_FAILED);
            }
            self.expects_continue = true;
        }
        Ok(())
    }

    /// RFC 9110 section 7.8.
    fn note_upgrade(&mut self, value: &[u8]) -> Result<(), &'static Fault> {
        for element in list(value).filter(|element| !element.is_empty()) {
            if !is_protocol(element) {
                return Err(&fault::INVALID_UPGRADE);
            }
            self.has_upgrade = true;
        }
        Ok(())
    }

    /// RFC 9110 section 7.6.1.
    fn note_connection(&mut self, value: &[u8]) -> Result<(), &'static Fault> {
        if value.eq_ignore_ascii_case(b"keep-alive") {
            self.says_keep_alive = true;
            return Ok(());
        }
        for element in list(value).filter(|element| !element.is_empty()) {
            match element.len() {
                5 if element.eq_ignore_ascii_case(b"close") => self.says_close = true,
                7 if element.eq_ignore_ascii_case(b"upgrade") => self.says_upgrade = true,
                10 if element.eq_ignore_ascii_case(b"keep-alive") => self.says_keep_alive = true,
                _ if is_token(element) => {}
                _ => return Err(&fault::INVALID_CONNECTION),
            }
        }
        Ok(())
    }

    /// RFC 9110 section 8.6: one number. A list of equal ones may be refused, so it is.
    fn note_content_length(&mut self, value: &[u8]) -> Result<(), &'static Fault> {
        if self.content_length.is_some() || self.coding != Coding::Absent {
            return Err(self.content_length_fault());
        }
        self.content_length = Some(number(value).ok_or(&fault::INVALID_CONTENT_LENGTH)?);
        Ok(())
    }

    fn content_length_fault(&self) -> &'static Fault {
        match (self.content_length, self.coding) {
            (_, coding) if coding != Coding::Absent => &fault::CONFLICTING_FRAMING,
            (Some(_), _) => &fault::DUPLICATE_CONTENT_LENGTH,
            (None, _) => &fault::INVALID_CONTENT_LENGTH,
        }
    }

    /// RFC 9112 section 6.1. Several lines are one list.
    fn note_transfer_encoding(&mut self, value: &[u8]) -> Result<(), &'static Fault> {
        if self.content_length.is_some() {
            return Err(&fault::CONFLICTING_FRAMING);
        }
        for element in list(value) {
            self.coding = self.coding.with(element)?;
        }
        Ok(())
    }
}
