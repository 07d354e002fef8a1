//! What waits for the socket, in order. Small answers never come here: they leave in one system
//! call; the queue holds what the kernel did not take.

use std::collections::VecDeque;

use super::driver::Driver;
use crate::js::{HeldBytes, Value};
use crate::uv::{self, Error, Stream};

/// Bytes that libuv waits for the socket with, at most: so that the progress of a large piece is
/// seen, and what is sent from JavaScript's memory is not left with libuv.
const SEGMENT: usize = 64 * 1024;

/// Owned pieces below this grow by appending, so that many small writes leave as one.
const COALESCE: usize = 64 * 1024;

/// Bytes that wait, and how many of them have gone already.
#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    sent: usize,
}

#[derive(Debug)]
enum Bytes {
    Owned(Vec<u8>),
    Held(HeldBytes),
}

impl Piece {
    fn left(&self) -> usize {
        let length = match &self.bytes {
            Bytes::Owned(bytes) => bytes.len(),
            Bytes::Held(bytes) => bytes.len(),
        };
        length - self.sent
    }

    /// Runs `body` over what is left; None: JavaScript has taken the memory away.
    fn with_rest<R>(&self, body: impl FnOnce(&[u8]) -> R) -> Option<R> {
        match &self.bytes {
            Bytes::Owned(bytes) => Some(body(&bytes[self.sent..])),
            Bytes::Held(bytes) => bytes.with_bytes_from(self.sent, body),
        }
    }
}

/// One connection's unsent bytes. At most one libuv write is under way at any time.
#[derive(Debug, Default)]
pub struct SendQueue {
    pieces: VecDeque<Piece>,
    waiting: usize,
    in_flight: usize,
}

/// Why sending failed.
#[derive(Debug)]
pub enum Failure {
    System(Error),
    /// The array that was to be sent has been detached or shrunk by JavaScript meanwhile.
    Detached,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

impl SendQueue {
    /// Bytes that the kernel has not taken yet.
    pub fn len(&self) -> usize {
        self.waiting + self.in_flight
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cfg(debug_assertions)]
    pub fn check(&self) {
        let waiting: usize = self.pieces.iter().map(Piece::left).sum();
        assert_eq!(self.waiting, waiting, "bytes that wait are counted otherwise");
        assert!(self.in_flight > 0 || waiting == 0, "bytes wait for a write that is not under way");
    }

    /// Sends `bytes` now as far as the socket takes them; keeps the rest. Returns how many bytes
    /// the kernel took.
    pub fn send(&mut self, stream: &Stream, bytes: &[u8]) -> Result<usize, Failure> {
        if !self.is_empty() {
            self.keep(bytes)?;
            return Ok(0);
        }
        let taken = stream.try_write(&[bytes])?;
        if taken < bytes.len() {
            self.keep(&bytes[taken..])?;
            return Ok(taken + self.advance(stream)?);
        }
        Ok(taken)
    }

    /// As `send`, for the last bytes of a connection that ends once they are out.
    pub fn send_last(&mut self, stream: &Stream, bytes: &[u8]) -> Result<usize, Failure> {
        let taken = if self.is_empty() { stream.try_write_last(bytes)? } else { 0 };
        self.keep(&bytes[taken..])?;
        Ok(taken + self.advance(stream)?)
    }

    /// As `send`, for a large vector that need not be copied to be kept.
    pub fn send_owned(&mut self, stream: &Stream, bytes: Vec<u8>) -> Result<usize, Failure> {
        let sent = if self.is_empty() { stream.try_write(&[&bytes])? } else { 0 };
        Ok(sent + self.push(stream, Bytes::Owned(bytes), sent)?)
    }

    /// Sends `head` and then `bytes`, in one system call where the socket takes both.
    pub fn send_both(
        &mut self,
        stream: &Stream,
        head: &[u8],
        bytes: &[u8],
    ) -> Result<usize, Failure> {
        let taken = if self.is_empty() { stream.try_write(&[head, bytes])? } else { 0 };
        if taken < head.len() {
            self.keep(&head[taken..])?;
        }
        let sent = taken.saturating_sub(head.len());
        self.keep(&bytes[sent..])?;
        Ok(taken + self.advance(stream)?)
    }

    /// Sends `head` and then the array, in one system call where the socket takes both. What it
    /// does not take of the array stays where it is, and `hold` is asked to keep it there.
    pub fn send_array(
        &mut self,
        stream: &Stream,
        head: &[u8],
        array: Value<'_>,
        hold: impl FnOnce() -> Option<HeldBytes>,
    ) -> Result<usize, Failure> {
        let mut taken = 0;
        if self.is_empty() {
            let result = array.with_bytes(|body| {
                let taken = stream.try_write(&[head, body])?;
                Ok::<_, Error>((taken, taken == head.len() + body.len()))
            });
            let is_all;
            (taken, is_all) = result.ok_or(Failure::Detached)??;
            if is_all {
                return Ok(taken);
            }
        }
        if taken < head.len() {
            self.keep(&head[taken..])?;
        }
        let held = hold().ok_or(Failure::Detached)?;
        let sent = taken.saturating_sub(head.len());
        Ok(taken + self.push(stream, Bytes::Held(held), sent)?)
    }

    fn push(&mut self, stream: &Stream, bytes: Bytes, sent: usize) -> Result<usize, Failure> {
        let piece = Piece { bytes, sent };
        if piece.left() > 0 {
            self.waiting += piece.left();
            self.pieces.push_back(piece);
        }
        self.advance(stream)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        match self.pieces.back_mut() {
            Some(Piece { bytes: Bytes::Owned(last), .. }) if last.len() < COALESCE => {
                uv::append(last, bytes)?;
            }
            _ => {
                let bytes = Bytes::Owned(uv::copy_of(bytes)?);
                self.pieces.push_back(Piece { bytes, sent: 0 });
            }
        }
        self.waiting += bytes.len();
        Ok(())
    }

    /// The write under way is over; goes on with what waits. Returns how many more bytes went.
    pub fn on_written(&mut self, stream: &Stream) -> Result<usize, Failure> {
        self.in_flight = 0;
        self.advance(stream)
    }

    /// Hands the next bytes to libuv unless a write is under way.
    fn advance(&mut self, stream: &Stream) -> Result<usize, Failure> {
        let mut taken = 0;
        while self.in_flight == 0 {
            let Some(mut piece) = self.pieces.pop_front() else { break };
            let is_small = piece.left() <= SEGMENT;
            if let (Bytes::Owned(bytes), true) = (&mut piece.bytes, is_small) {
                let mut bytes = std::mem::take(bytes);
                bytes.drain(..piece.sent);
                self.start(stream, bytes)?;
                continue;
            }
            let result = piece.with_rest(|rest| {
                let now = stream.try_write(&[rest])?;
                let end = rest.len().min(now + SEGMENT);
                Ok::<_, Error>((now, uv::copy_of(&rest[now..end])?))
            });
            let (now, segment) = result.ok_or(Failure::Detached)??;
            taken += now;
            self.waiting -= now;
            piece.sent += now + segment.len();
            if piece.left() > 0 {
                self.pieces.push_front(piece);
            }
            if !segment.is_empty() {
                self.start(stream, segment)?;
            }
        }
        Ok(taken)
    }

    fn start(&mut self, stream: &Stream, bytes: Vec<u8>) -> Result<(), Failure> {
        self.waiting -= bytes.len();
        self.in_flight = bytes.len();
        Ok(stream.write::<Driver>(bytes)?)
    }
}
