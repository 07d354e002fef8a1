//! Where libuv's callbacks arrive.

use super::accept;
use super::body;
use super::closing;
use super::connections::{Hooks, Phase, Protocol};
use super::exchange;
use super::introduction;
use super::keys::{ConnectionKey, ListenerKey};
use super::listeners;
use super::raw;
use super::runtime::{handle_closed, with};
use super::sweep;
use super::tasks::{End, Task};
use super::turn;
use crate::js::{Gone, HttpHooks, Peer};
use crate::uv::{Address, Error, Events, Key};

/// The receiver of all events of this thread's handles.
pub struct Driver;

impl Events for Driver {
    fn connection(listener: Key, result: Result<(), Error>) {
        // A failing accept (EMFILE ...) is libuv's to retry; there is no connection to tell.
        if result.is_ok() {
            accept::accept(ListenerKey::from_bits(listener));
        }
    }

    fn read(stream: Key, result: Result<&[u8], Error>) {
        let key = ConnectionKey::from_bits(stream);
        let found = with(|runtime| {
            let connection = runtime.connections.get(key)?;
            Some(match &connection.protocol {
                Protocol::Http(state) => Spoken::Http { queued: state.queued },
                Protocol::Raw(_) => Spoken::Raw,
                Protocol::Proxy(_) => Spoken::Proxy,
            })
        });
        match (result, found.flatten()) {
            (_, None) => {}
            (Ok(bytes), Some(Spoken::Http { .. })) => exchange::received(key, bytes),
            (Ok(bytes), Some(Spoken::Raw)) => raw::received(key, bytes),
            (Ok(bytes), Some(Spoken::Proxy)) => introduction::received(key, bytes),
            (Err(error), Some(spoken)) => {
                if let Spoken::Http { queued: true } = spoken {
                    // What the client sent before is told first.
                    turn::dispatch();
                }
                if !error.is_eof() {
                    with(|runtime| runtime.fail(key, error.into()));
                    return;
                }
                with(|runtime| runtime.stopped_reading(key));
                match spoken {
                    Spoken::Http { .. } => exchange::ended(key),
                    Spoken::Raw => raw::ended(key),
                    Spoken::Proxy => introduction::ended(key),
                }
            }
        }
    }

    fn readable(stream: Key) {
        if let Err(error) = body::read_aside(ConnectionKey::from_bits(stream)) {
            Self::read(stream, Err(error));
        }
    }

    fn written(stream: Key, result: Result<usize, Error>) {
        let key = ConnectionKey::from_bits(stream);
        with(|runtime| {
            let connection = runtime.connections.get_mut(key)?;
            let result = match result {
                Ok(written) => {
                    connection.send.on_written(&connection.stream).map(|more| written + more)
                }
                Err(error) => Err(error.into()),
            };
            runtime.sent(key, result);
            runtime.touch(key);
            runtime.settle(key);
            let connection = runtime.connections.get_mut(key)?;
            if connection.phase == Phase::Open && connection.send.is_empty() {
                // Pipelined requests may have waited for the queue to go down.
                runtime.pull(key);
            }
            Some(())
        });
    }

    fn shut_down(stream: Key, result: Result<(), Error>) {
        let key = ConnectionKey::from_bits(stream);
        with(|runtime| match result {
            Err(error) => runtime.shutdown_failed(key, error),
            Ok(()) => {
                let ended = runtime.connections.get_mut(key).and_then(|found| found.raw());
                if ended.is_some_and(|raw| raw.peer_ended) {
                    runtime.remove(key, None);
                }
            }
        });
    }

    fn tick() {
        sweep::run();
        turn::dispatch();
    }

    fn polled() {
        turn::dispatch();
    }

    fn idle() {
        for _ in 0..with(|runtime| runtime.tasks.len()).unwrap_or(0) {
            let Some(task) = with(|runtime| runtime.tasks.begin()).flatten() else { break };
            perform(&task);
        }
        with(|runtime| runtime.tasks.done());
        turn::dispatch();
    }

    fn closed() {
        handle_closed();
    }

    fn panicked(key: Option<Key>) {
        with(|runtime| {
            runtime.turn.dispatching = false;
            // What else this turn has to tell is told in the next.
            runtime.tasks.wake::<Driver>();
            // What was gathered for the corked one is lost; of the busy one nobody knows how far
            // its work got.
            let (corked, busy) = (runtime.corked.take(), runtime.busy.take());
            let told = [key.map(ConnectionKey::from_bits), corked, busy, runtime.tasks.panicked()];
            for key in told.into_iter().flatten() {
                runtime.remove(key, Some(closing::panicked()));
            }
        });
        // It may have been the last handle that was just given back.
        handle_closed();
    }
}

/// What a connection speaks.
enum Spoken {
    Http {
        /// An event waits for the end of the turn.
        queued: bool,
    },
    Raw,
    Proxy,
}

fn perform(task: &Task) {
    match *task {
        Task::Pump(key) => {
            with(|runtime| runtime.pull(key));
        }
        Task::FlushSoon(key) => {
            with(|runtime| runtime.tasks.push::<Driver>(Task::Flush(key)));
        }
        Task::Flush(key) => {
            with(|runtime| runtime.flush(key));
        }
        Task::Aborted { ref hooks, key, ref cause, ref peer, open, ref watched } => {
            let Ok(scope) = hooks.enter() else { return };
            // What hooks throw has been reported as uncaught already.
            if open {
                let text = peer.text();
                let peer = Peer { address: &text, port: peer.port(), family: peer.family() };
                let _ = hooks.on_abort(&scope, key.to_number(), (&cause.0, &cause.1), peer);
            }
            for exchange in watched {
                let _ = hooks.on_complete(&scope, *exchange, Some(&cause.0));
            }
        }
        Task::Completed { ref hooks, ref watched } => {
            let Ok(scope) = hooks.enter() else { return };
            for exchange in watched {
                let _ = hooks.on_complete(&scope, *exchange, None);
            }
        }
        Task::Connection { ref hooks, ref peer, ref end } => {
            tell_connection(hooks, peer, end.as_ref());
        }
        Task::Closed { ref hooks, key, ref cause, totals } => {
            let Ok(scope) = hooks.enter() else { return };
            let cause = cause.as_ref().map(|(code, syscall)| (code.as_str(), syscall.as_str()));
            let _ = hooks.on_close(&scope, key.to_number(), cause, totals);
        }
        Task::Accept(key) => accept::accept_after(key),
        Task::Unread(key) => raw::deliver_unread(key),
        Task::ListenerDrained(key) => listeners::finish(key),
        Task::Drained(key) => tell_drained(key),
    }
}

fn tell_connection(hooks: &HttpHooks, peer: &Address, end: Option<&End>) {
    let Ok(scope) = hooks.enter() else { return };
    let text = peer.text();
    let peer = Peer { address: &text, port: peer.port(), family: peer.family() };
    let gone = end.map(|((code, detail), totals)| Gone { cause: (code, detail), totals: *totals });
    // What the hook throws has been reported as uncaught already.
    let _ = hooks.on_connection(&scope, peer, gone);
}

fn tell_drained(key: ConnectionKey) {
    let number = key.to_number();
    match with(|runtime| runtime.hooks_of(key)).flatten() {
        None => {}
        Some(Hooks::Raw(hooks)) => {
            if let Ok(scope) = hooks.enter() {
                let _ = hooks.on_drain(&scope, number);
            }
        }
        Some(Hooks::Http(hooks)) => {
            if let Ok(scope) = hooks.enter() {
                let _ = hooks.on_drain(&scope, number);
            }
        }
    }
}
