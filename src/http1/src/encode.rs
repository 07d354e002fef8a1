//! The writing half: status lines, header sections, chunks.

use crate::ascii::{is_field_value, is_token_byte, list, number, trim};
use crate::chunked::is_forbidden_trailer;
use crate::date::CachedDate;
use crate::error::{Refusal, SendError};
use crate::framing::LengthField;
use crate::status::reason_phrase;

/// What body an answer will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutgoingBody {
    /// None was given.
    None,
    /// So many bytes, which the caller appends behind the head at once.
    Full(u64),
    /// Pieces, of a known or unknown total length.
    Stream(Option<u64>),
}

/// What the caller must do with the bytes of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum BodyPlan {
    /// Append them.
    Send,
    /// Leave them out: there is nothing to send, or the answer (to HEAD, or a 204, 205, 304) has
    /// no body.
    Omit,
}

/// Which section lines are written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Final,
    Informational,
    Trailers,
    /// Of a 426, which must say what to upgrade to (RFC 9110 section 15.5.22).
    UpgradeRequired,
}

/// What the application's own lines said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub date: bool,
    pub close: bool,
    pub content_length: Option<u64>,
    /// `upgrade` was kept, so `connection` has to name it.
    pub upgrade: bool,
}

/// What we say about the connection (RFC 9112 section 9.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// An HTTP/1.1 connection that stays.
    Implied,
    /// An HTTP/1.0 connection that stays.
    KeepAlive,
    Close,
}

/// What every answer begins with, whatever its status.
pub(crate) const BEGINNING: &[u8] = b"HTTP/1.1 ";

/// RFC 9112 section 4. An empty reason stands for the registered phrase.
pub(crate) fn status_line(out: &mut Vec<u8>, status: u16, reason: &[u8]) -> Result<(), SendError> {
    if status == 200 && reason.is_empty() {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return Ok(());
    }
    if !is_field_value(reason) {
        return Err(SendError::InvalidReason);
    }
    out.extend_from_slice(BEGINNING);
    out.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
    out.push(b' ');
    let phrase = if reason.is_empty() { reason_phrase(status).as_bytes() } else { reason };
    out.extend_from_slice(phrase);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Copies `name: value CR LF` lines, each checked, without those that are ours to say.
///
/// A value that smuggles a line in makes more lines than the caller meant, whatever it holds:
/// that is what `count` is for.
pub(crate) fn header_lines(
    out: &mut Vec<u8>,
    lines: &[u8],
    count: u32,
    section: Section,
) -> Result<Seen, SendError> {
    let mut seen = Seen::default();
    let mut rest = lines;
    let mut written = 0;
    out.reserve(lines.len());
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).ok_or(SendError::InvalidHeaderValue)?;
        let (line, behind) = rest.split_at(end + 1);
        let text = line.strip_suffix(b"\r\n").ok_or(SendError::InvalidHeaderValue)?;
        let colon = text.iter().position(|&byte| !is_token_byte(byte));
        let (name, value) = match colon {
            Some(colon @ 1..) if text[colon] == b':' => (&text[..colon], &text[colon + 1..]),
            _ => return Err(SendError::InvalidHeaderName),
        };
        if !is_field_value(value) {
            return Err(SendError::InvalidHeaderValue);
        }
        if keeps(name, value, section, &mut seen)? {
            out.extend_from_slice(line);
        }
        written += 1;
        rest = behind;
    }
    if written == count { Ok(seen) } else { Err(SendError::InvalidHeaderValue) }
}

/// The application's header lines.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lines<'a> {
    /// Text, and how many lines it should be.
    Given(&'a [u8], u32),
    Kept(&'a KeptHeaders),
}

impl Lines<'_> {
    pub(crate) fn write(self, out: &mut Vec<u8>, section: Section) -> Result<Seen, SendError> {
        match self {
            Self::Kept(kept) if section == Section::Final => {
                out.extend_from_slice(&kept.wire);
                Ok(kept.seen)
            }
            Self::Kept(kept) => header_lines(out, &kept.text, kept.count, section),
            Self::Given(text, count) => header_lines(out, text, count, section),
        }
    }
}

/// Header lines that were checked once, for answers that have the same again and again.
#[derive(Debug)]
pub struct KeptHeaders {
    text: Vec<u8>,
    count: u32,
    /// The lines that go out.
    wire: Vec<u8>,
    seen: Seen,
}

impl KeptHeaders {
    /// Checks `count` lines `name: value CR LF`.
    pub fn new(text: &[u8], count: u32) -> Result<Self, SendError> {
        let mut wire = Vec::new();
        let seen = header_lines(&mut wire, text, count, Section::Final)?;
        Ok(Self { text: text.to_vec(), count, wire, seen })
    }

    /// Whether they say how long the body is, which then has to fit.
    pub fn state_length(&self) -> bool {
        self.seen.content_length.is_some()
    }
}

/// Whether the application may say this line; takes note of what concerns us. What is about the
/// connection is ours to say (RFC 9110 section 7.6.1).
#[inline]
fn keeps(name: &[u8], value: &[u8], section: Section, seen: &mut Seen) -> Result<bool, SendError> {
    if section == Section::Trailers {
        return Ok(!is_forbidden_trailer(&name.to_ascii_lowercase()));
    }
    let is = |text: &[u8]| name.eq_ignore_ascii_case(text);
    match name.len() {
        4 if is(b"date") => seen.date = true,
        7 if is(b"upgrade") => {
            seen.upgrade = section == Section::UpgradeRequired;
            return Ok(seen.upgrade);
        }
        10 if is(b"keep-alive") => return Ok(false),
        10 if is(b"connection") => {
            seen.close |= list(value).any(|element| element.eq_ignore_ascii_case(b"close"));
            return Ok(false);
        }
        14 if is(b"content-length") => {
            let length = number(trim(value)).ok_or(SendError::InvalidContentLength)?;
            if seen.content_length.replace(length).is_some() {
                return Err(SendError::InvalidContentLength);
            }
            return Ok(false);
        }
        16 if is(b"proxy-connection") => return Ok(false),
        17 if is(b"transfer-encoding") => return Ok(false),
        _ => {}
    }
    Ok(true)
}

/// Our own lines, and the end of the section.
pub(crate) fn own_lines(
    out: &mut Vec<u8>,
    length: LengthField,
    persistence: Persistence,
    date: Option<&CachedDate>,
) {
    match length {
        LengthField::Absent => {}
        LengthField::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        LengthField::ContentLength(length) => {
            out.extend_from_slice(b"content-length: ");
            out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
    match persistence {
        Persistence::Implied => {}
        Persistence::KeepAlive => out.extend_from_slice(b"connection: keep-alive\r\n"),
        Persistence::Close => out.extend_from_slice(b"connection: close\r\n"),
    }
    if let Some(date) = date {
        out.extend_from_slice(date.line());
    }
    out.extend_from_slice(b"\r\n");
}

/// The chunk-size line (RFC 9112 section 7.1).
pub(crate) fn chunk_start(out: &mut Vec<u8>, len: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = (usize::BITS - len.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        out.push(DIGITS[(len >> (digit * 4)) & 15]);
    }
    out.extend_from_slice(b"\r\n");
}

/// The answer to a request that is refused.
pub(crate) fn refusal(out: &mut Vec<u8>, refusal: &Refusal, date: &CachedDate, omit_body: bool) {
    out.extend_from_slice(BEGINNING);
    out.extend_from_slice(itoa::Buffer::new().format(refusal.status).as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason_phrase(refusal.status).as_bytes());
    out.extend_from_slice(b"\r\ncontent-type: text/plain\r\n");
    let length = LengthField::ContentLength(refusal.reason.len() as u64 + 1);
    own_lines(out, length, Persistence::Close, Some(date));
    if !omit_body {
        out.extend_from_slice(refusal.reason.as_bytes());
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, count: u32) -> Result<String, SendError> {
        let mut out = Vec::new();
        header_lines(&mut out, text.as_bytes(), count, Section::Final)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn copies_what_the_application_may_say() {
        assert_eq!(lines("a: b\r\nC:d\r\ne: \r\n", 3).unwrap(), "a: b\r\nC:d\r\ne: \r\n");
        let ours = "Connection: x\r\nKEEP-ALIVE: 1\r\ntransfer-Encoding: gzip\r\n\
                    upgrade: h2c\r\ncontent-length: 1\r\nproxy-connection: a\r\nx: y\r\n";
        assert_eq!(lines(ours, 7).unwrap(), "x: y\r\n");
    }

    #[test]
    fn refuses_split_and_malformed_lines() {
        use SendError::{InvalidContentLength, InvalidHeaderName, InvalidHeaderValue};
        for (text, count, error) in [
            ("a: b\r\nc: d\r\n", 1, InvalidHeaderValue),
            ("a: b\r\n", 2, InvalidHeaderValue),
            ("a: b\r\n\r\n", 1, InvalidHeaderName),
            ("a: b\n", 1, InvalidHeaderValue),
            ("a: b", 1, InvalidHeaderValue),
            ("a: b\rc\r\n", 1, InvalidHeaderValue),
            ("a: b\0\r\n", 1, InvalidHeaderValue),
            (" a: b\r\n", 1, InvalidHeaderName),
            ("a : b\r\n", 1, InvalidHeaderName),
            (": b\r\n", 1, InvalidHeaderName),
            ("ab\r\n", 1, InvalidHeaderName),
            ("content-length: 1x\r\n", 1, InvalidContentLength),
            ("content-length: 1\r\ncontent-length: 1\r\n", 2, InvalidContentLength),
        ] {
            assert_eq!(lines(text, count), Err(error), "{text:?}");
        }
    }

    #[test]
    fn chunk_sizes() {
        for (len, text) in [(1, "1\r\n"), (15, "f\r\n"), (16, "10\r\n"), (0x1_0000, "10000\r\n")] {
            let mut out = Vec::new();
            chunk_start(&mut out, len);
            assert_eq!(out, text.as_bytes());
        }
    }
}
