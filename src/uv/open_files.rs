//! The descriptors that a process may have. Once there is none left, libuv closes whoever wants to
//! connect; so the last ones are left to the application, and clients wait with the kernel.

use super::{Stream, StreamListener};

/// Descriptors that connections leave to others: to files, to connections of the application's own,
/// and to the one that libuv has ready for each listener.
#[cfg(unix)]
const KEPT_BACK: u64 = 32;

/// Of few descriptors, this part is kept back at most.
#[cfg(unix)]
const SHARE: u64 = 8;

impl Stream {
    /// Whether the process may open few files more. The system gives the lowest descriptor that is
    /// free, so a high one tells that the others are taken.
    #[cfg(unix)]
    pub fn is_among_last(&self) -> bool {
        use super::descriptor::with_socket;
        use std::os::fd::AsRawFd;
        let high = with_socket(self.handle(), |socket| Ok(is_high(socket.as_raw_fd())));
        matches!(high, Some(Ok(true)))
    }

    /// Handles of Windows are not numbered that way, and there is no such limit.
    #[cfg(not(unix))]
    pub fn is_among_last(&self) -> bool {
        false
    }
}

/// How many files more the process may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), allow(dead_code, reason = "there are always many"))]
pub enum OpenFiles {
    /// Only those that are kept back.
    Few,
    Some,
    /// One far below those that are kept back is free, and of these the first is: nothing has been
    /// taken of them. By the lower one alone each connection that leaves would let two in.
    Many,
}

impl StreamListener {
    /// Finds out, by what the next file to be opened would get.
    #[cfg(unix)]
    pub fn open_files(&self) -> OpenFiles {
        use super::descriptor::with_socket;
        use std::os::fd::AsRawFd;
        let Some(line) = line() else { return OpenFiles::Many };
        let copied = with_socket(self.handle(), |socket| {
            let next = socket.try_clone()?;
            let next = next.as_raw_fd() as u64;
            let is_low = next < line.saturating_sub(KEPT_BACK.min(line / SHARE));
            Ok((next, is_low && is_free(line)))
        });
        match copied {
            Some(Ok((next, _))) if next >= line => OpenFiles::Few,
            Some(Ok((_, false))) => OpenFiles::Some,
            Some(Ok((_, true))) | None => OpenFiles::Many,
            Some(Err(_)) => OpenFiles::Few,
        }
    }

    #[cfg(not(unix))]
    pub fn open_files(&self) -> OpenFiles {
        OpenFiles::Many
    }
}

/// Whether nothing has this descriptor. It is only asked for: to copy another one there would have
/// the kernel make room for all up to it, and the process may be allowed a million.
#[cfg(unix)]
fn is_free(descriptor: u64) -> bool {
    let Ok(descriptor) = i32::try_from(descriptor) else { return true };
    // SAFETY: reads a flag, or fails where nothing has the number.
    unsafe { libc::fcntl(descriptor, libc::F_GETFD) == -1 }
}

#[cfg(unix)]
fn is_high(descriptor: i32) -> bool {
    line().is_some_and(|line| descriptor as u64 >= line)
}

/// The first of the descriptors that are kept back.
#[cfg(unix)]
fn line() -> Option<u64> {
    // Asked for each connection, as the process may change it; it costs next to nothing.
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the system writes the structure, or fails.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return None;
    }
    let limit = limit.rlim_cur;
    Some(limit - KEPT_BACK.min(limit / SHARE))
}
