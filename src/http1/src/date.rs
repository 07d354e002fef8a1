//! The `date` line, written once a second (RFC 9110 section 6.6.1).

use std::time::{Duration, UNIX_EPOCH};

/// The last second of the year 9999, the end of what an IMF-fixdate can say.
const LAST_SECOND: u64 = 253_402_300_799;

const LINE_LEN: usize = "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n".len();

pub(crate) struct CachedDate {
    seconds: u64,
    line: [u8; LINE_LEN],
}

impl CachedDate {
    pub(crate) fn new() -> Self {
        Self { seconds: 0, line: *b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n" }
    }

    pub(crate) fn set(&mut self, unix_seconds: u64) {
        let seconds = unix_seconds.min(LAST_SECOND);
        if seconds == self.seconds {
            return;
        }
        self.seconds = seconds;
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        self.line[6..LINE_LEN - 2].copy_from_slice(date.as_bytes());
    }

    /// The whole line, with its CR LF.
    pub(crate) fn line(&self) -> &[u8; LINE_LEN] {
        &self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_imf_fixdates() {
        let mut date = CachedDate::new();
        assert_eq!(date.line(), b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
        date.set(784_111_777);
        assert_eq!(date.line(), b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        date.set(u64::MAX);
        assert_eq!(date.line(), b"date: Fri, 31 Dec 9999 23:59:59 GMT\r\n");
    }
}
