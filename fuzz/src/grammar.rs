//! The grammar of RFC 9110 and 9112, written a second time and plainly, with nothing of the code
//! that is being tried.

pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_token_byte(byte))
}

pub fn is_text(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

pub fn trim(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// A field line without its end: name and trimmed value.
pub fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    (is_token(name) && is_text(value)).then(|| (name, trim(value)))
}

/// The line that starts the text, without its CR LF, and what is behind it. `None`: no line ends
/// there, or not with CR LF.
pub fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|&byte| byte == b'\n')?;
    let line = text[..end].strip_suffix(b"\r")?;
    (!line.contains(&b'\r')).then_some((line, &text[end + 1..]))
}

/// A chunk-size line without its end: the size, and how long the extensions are.
pub fn chunk_size(line: &[u8]) -> Option<(u64, usize)> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let text = core::str::from_utf8(&line[..digits]).ok()?;
    let size = u64::from_str_radix(text, 16).ok()?;
    let extensions = &line[digits..];
    let is_valid = extensions.is_empty() || trim(extensions).starts_with(b";");
    (is_valid && is_text(extensions)).then_some((size, extensions.len()))
}

/// The elements of all lines of a name, without the empty ones.
pub fn elements<'a>(fields: &[(&'a [u8], &'a [u8])], name: &str) -> Vec<Vec<u8>> {
    let lines = fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()));
    let parts = lines.flat_map(|(_, value)| value.split(|&byte| byte == b','));
    let parts = parts.map(|part| trim(part).to_ascii_lowercase());
    parts.filter(|part| !part.is_empty()).collect()
}

/// The values of all lines of a name.
pub fn values<'a>(fields: &[(&'a [u8], &'a [u8])], name: &str) -> Vec<&'a [u8]> {
    let lines = fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()));
    lines.map(|(_, value)| *value).collect()
}

pub fn number(digits: &[u8]) -> Option<u64> {
    let is_plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_plain.then(|| core::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}
