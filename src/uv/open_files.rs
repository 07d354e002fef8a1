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

impl StreamListener {
    /// Whether the next file to be opened would leave few more.
    #[cfg(unix)]
    pub fn next_is_among_last(&self) -> bool {
        use super::descriptor::with_socket;
        use std::os::fd::AsRawFd;
        let copied = with_socket(self.handle(), |socket| socket.try_clone());
        match copied {
            Some(Ok(socket)) => is_high(socket.as_raw_fd()),
            Some(Err(_)) => true,
            None => false,
        }
    }

    #[cfg(not(unix))]
    pub fn next_is_among_last(&self) -> bool {
        false
    }
}

#[cfg(unix)]
fn is_high(descriptor: i32) -> bool {
    // Asked for each connection, as the process may change it; it costs next to nothing.
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the system writes the structure, or fails.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return false;
    }
    let limit = limit.rlim_cur;
    descriptor as u64 >= limit - KEPT_BACK.min(limit / SHARE)
}
