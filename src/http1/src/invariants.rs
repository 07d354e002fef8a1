//! What is always true of a connection between two calls. Looked at in builds with debug
//! assertions: those of the tests, of the fuzz targets, and `npm run test:debug`.

use crate::connection::Connection;
#[cfg(debug_assertions)]
use crate::limits::DRAIN_LIMIT;
#[cfg(debug_assertions)]
use crate::state::{Reading, Writing};

impl Connection {
    /// Panics where something of it is not so.
    #[cfg(not(debug_assertions))]
    #[inline(always)]
    pub fn check(&self) {}

    /// Panics where something of it is not so.
    #[cfg(debug_assertions)]
    pub fn check(&self) {
        assert!(self.state.is_sound(), "{:?}", self.state);
        self.check_decoder();
        self.check_request();
        self.check_answer();
        self.check_inbox();
        self.check_end();
        assert!(self.retiring || !self.shutdown, "a shutdown makes each answer the last");
    }

    /// Both know where in a message the next byte is, unless something was refused.
    #[cfg(debug_assertions)]
    fn check_decoder(&self) {
        let Self { state, decoder, .. } = self;
        if self.refusal_waits() {
            return;
        }
        let agrees = match state.reading {
            Reading::Head => decoder.is_between_messages() || decoder.has_partial_head(),
            Reading::Body | Reading::Drain => decoder.is_in_body(),
            Reading::Complete => decoder.is_between_messages(),
            Reading::Ended => true,
        };
        assert!(agrees, "the decoder is elsewhere than {state:?}");
    }

    #[cfg(debug_assertions)]
    fn check_request(&self) {
        let Self { state, decoder, request, .. } = self;
        let in_message =
            matches!(state.reading, Reading::Body | Reading::Drain | Reading::Complete);
        assert!(!in_message || self.served > 0, "a message was counted: {state:?}");
        assert!(!in_message || !decoder.has_partial_head(), "one message at a time: {state:?}");
        assert!(!self.unsaid || state.writing == Writing::Owed, "not answered unheard: {state:?}");
        assert!(!self.expecting || request.expect_continue, "nobody waits for a 100");
        assert!(!self.wanted || state.reading != Reading::Drain, "what is wanted is not drained");
        let drains = !matches!(state.reading, Reading::Head | Reading::Body);
        assert!(!self.drain_over || drains, "too much of nothing: {state:?}");
    }

    #[cfg(debug_assertions)]
    fn check_answer(&self) {
        let Self { state, .. } = self;
        assert!(!self.chunk_open || state.writing == Writing::Chunked, "a chunk in {state:?}");
        assert!(!self.begun || self.eof, "ahead of an answer nobody doubts");
        let can_begin = matches!(state.writing, Writing::Owed | Writing::Chunked | Writing::Ended);
        assert!(!self.begun || can_begin, "the beginning of nothing: {state:?}");
        let is_counted = state.writing != Writing::Chunked;
        assert!(self.left == 0 || is_counted, "{} bytes announced in {state:?}", self.left);
        let is_decided = state.writing.is_streaming() || state.writing == Writing::Ended;
        assert!(self.close_after.is_none() || is_decided, "the end of nothing: {state:?}");
    }

    #[cfg(debug_assertions)]
    fn check_inbox(&self) {
        let Some(inbox) = &self.inbox else { return };
        let reading = self.state.reading;
        assert!(inbox.kept_at <= inbox.kept.len());
        let may_keep = reading == Reading::Complete || inbox.refusal.is_some();
        assert!(!self.has_kept() || may_keep, "bytes kept while {reading:?}");
        let has_body = matches!(reading, Reading::Body | Reading::Complete);
        assert!(inbox.body.is_empty() || has_body, "a body while {reading:?}");
        let is_whole = reading == Reading::Complete;
        assert!(inbox.trailers.is_empty() || is_whole, "trailers while {reading:?}");
        let is_too_much = reading == Reading::Drain && inbox.drained > DRAIN_LIMIT;
        assert!(!is_too_much || self.drain_over, "{} bytes were drained", inbox.drained);
    }

    #[cfg(debug_assertions)]
    fn check_end(&self) {
        let has_ended = self.state.reading == Reading::Ended;
        assert_eq!(self.close.is_some(), has_ended, "{:?} and {:?}", self.close, self.state);
        assert!(!self.close_said || has_ended, "an end was told that did not come");
        assert!(!self.linger || has_ended, "lingers behind no end");
        assert!(self.inbox.is_none() || !has_ended, "nothing is held of what has ended");
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use std::rc::Rc;

    use super::Connection;
    use crate::error::CloseReason;
    use crate::limits::Config;
    use crate::state::{Reading, State, Writing};

    fn fresh() -> Connection {
        Connection::new(Rc::new(Config::default()), 0)
    }

    #[test]
    fn a_fresh_connection_is_sound() {
        fresh().check();
    }

    #[test]
    #[should_panic(expected = "a shutdown makes each answer the last")]
    fn a_shutdown_retires() {
        Connection { shutdown: true, ..fresh() }.check();
    }

    #[test]
    #[should_panic(expected = "not answered unheard")]
    fn what_is_unsaid_is_owed() {
        Connection { unsaid: true, ..fresh() }.check();
    }

    #[test]
    #[should_panic(expected = "a chunk in")]
    fn a_chunk_is_of_a_chunked_answer() {
        Connection { chunk_open: true, ..fresh() }.check();
    }

    #[test]
    #[should_panic(expected = "bytes kept while Head")]
    fn nothing_is_kept_between_messages() {
        let mut connection = fresh();
        connection.inbox().kept.push(b'G');
        connection.check();
    }

    #[test]
    #[should_panic(expected = "Head, writing: Owed")]
    fn a_head_that_is_not_there_is_not_answered() {
        let state = State { reading: Reading::Head, writing: Writing::Owed };
        Connection { state, ..fresh() }.check();
    }

    #[test]
    #[should_panic(expected = "the decoder is elsewhere")]
    fn a_body_is_decoded_as_one() {
        let state = State { reading: Reading::Body, writing: Writing::Owed };
        Connection { state, served: 1, ..fresh() }.check();
    }

    #[test]
    #[should_panic(expected = "the end of nothing")]
    fn what_ends_the_connection_is_an_answer() {
        Connection { close_after: Some(CloseReason::AppAsked), ..fresh() }.check();
    }

    #[test]
    #[should_panic(expected = "lingers behind no end")]
    fn who_lingers_has_ended() {
        Connection { linger: true, ..fresh() }.check();
    }

    #[test]
    #[should_panic(expected = "ClientClosed")]
    fn what_is_closed_has_ended() {
        Connection { close: Some(CloseReason::ClientClosed), ..fresh() }.check();
    }
}
