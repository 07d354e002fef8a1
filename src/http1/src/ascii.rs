//! Tables of characters, and lists.

const fn table(extra: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < extra.len() {
        table[extra[at] as usize] = true;
        at += 1;
    }
    table
}

/// `tchar` (RFC 9110 section 5.6.2).
static TOKEN: [bool; 256] = table(b"!#$%&'*+-.^_`|~");

/// `unreserved`, `sub-delims` and `%` of a host name (RFC 3986 section 3.2.2).
static HOST: [bool; 256] = table(b"-._~!$&'()*+,;=%");

pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// RFC 9110 section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| TOKEN[byte as usize])
}

pub(crate) fn is_host_byte(byte: u8) -> bool {
    HOST[byte as usize]
}

/// `field-content` in any number, tabs and 8-bit bytes included (RFC 9110 section 5.5).
pub(crate) fn is_field_value(bytes: &[u8]) -> bool {
    // No early exit: the loop is short and the compiler makes vectors of it.
    bytes.iter().fold(true, |ok, &byte| ok & ((byte >= b' ' && byte != 0x7f) || byte == b'\t'))
}

/// Takes optional white space off both ends (RFC 9110 section 5.6.3).
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The elements of a list, trimmed, empty ones included (RFC 9110 section 5.6.1).
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim)
}

/// A plain decimal number: digits only, no sign, no overflow.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        assert!(is_token(b"x-Y_1!#$%&'*+-.^`|~"));
        for bad in [&b""[..], b"a b", b"a:", b"a\0", b"a\x7f", b"\xe4", b"a/b", b"(a)", b"a\""] {
            assert!(!is_token(bad), "{bad:?}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"0"), Some(0));
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        for bad in [&b""[..], b"18446744073709551616", b"+1", b"-1", b"1 ", b"0x1", b"1_0"] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn values_and_lists() {
        assert!(is_field_value(b"a\tb \x80\xff"));
        for bad in [0u8, 10, 13, 31, 127] {
            assert!(!is_field_value(&[b'a', bad]), "{bad}");
        }
        assert_eq!(list(b" a ,,\tb").collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
        assert_eq!(trim(b" \t "), b"");
    }
}
