//! What must not happen inside a call from JavaScript is done in the loop's next turn: handing
//! out a pipelined request, telling that a connection has gone.

use std::collections::VecDeque;
use std::rc::Rc;

use super::keys::{ConnectionKey, ListenerKey};
use crate::js::{HttpHooks, RawHooks};
use crate::uv::{Address, Events, Idle};

/// An error as JavaScript will see it: code and system call or sentence.
pub type Cause = (String, String);

/// How a connection ended: why, and the bytes that were read and written.
pub type End = (Cause, (u64, u64));

/// Something to do with nothing of JavaScript on the stack.
pub enum Task {
    /// The connection's answer went out: its next request may be waiting.
    Pump(ConnectionKey),
    /// An HTTP connection went; what its application must hear.
    Aborted {
        hooks: Rc<HttpHooks>,
        key: ConnectionKey,
        cause: Cause,
        peer: Address,
        open: bool,
        watched: Vec<f64>,
    },
    /// Watched answers went out whole.
    Completed { hooks: Rc<HttpHooks>, watched: Vec<f64> },
    /// For a log: an HTTP connection came, or went.
    Connection { hooks: Rc<HttpHooks>, peer: Address, end: Option<End> },
    /// A raw connection went.
    Closed { hooks: Rc<RawHooks>, key: ConnectionKey, cause: Option<Cause>, totals: (u64, u64) },
    /// A connection of a listener that holds others back has gone.
    Accept(ListenerKey),
    /// A closed listener's last connection may have gone.
    ListenerDrained(ListenerKey),
    /// A head was gathered that waits a turn more for what follows it.
    FlushSoon(ConnectionKey),
    /// Pieces of a stream were gathered in the turn before.
    Flush(ConnectionKey),
    /// The application reads on, and has not had what came with the header of its proxy.
    Unread(ConnectionKey),
    /// The socket took all that waited.
    Drained(ConnectionKey),
}

impl Task {
    /// The connection whose work it is.
    fn connection(&self) -> Option<ConnectionKey> {
        match self {
            Self::Pump(key) | Self::FlushSoon(key) | Self::Flush(key) | Self::Drained(key) => {
                Some(*key)
            }
            Self::Unread(key) => Some(*key),
            _ => None,
        }
    }

    /// Done twice it would not do the same: bytes that were taken the first time are lost.
    fn is_done_once(&self) -> bool {
        matches!(self, Self::Unread(_))
    }
}

struct Queued {
    task: Rc<Task>,
    /// It panicked before.
    again: bool,
}

/// The queue, and the idle handle that runs it.
pub struct Tasks {
    queue: VecDeque<Queued>,
    /// The one that is being performed.
    current: Option<Queued>,
    idle: Option<Idle>,
}

impl Tasks {
    pub fn new(idle: Idle) -> Self {
        Self { queue: VecDeque::new(), current: None, idle: Some(idle) }
    }

    pub fn push<E: Events>(&mut self, task: Task) {
        if self.queue.is_empty() {
            self.wake::<E>();
        }
        self.queue.push_back(Queued { task: Rc::new(task), again: false });
    }

    /// The loop must not sleep before its next turn.
    pub fn wake<E: Events>(&self) {
        if let Some(idle) = &self.idle {
            idle.start::<E>();
        }
    }

    /// Where the client of a connection was whose end has not been told yet.
    pub fn peer(&self, wanted: ConnectionKey) -> Option<Address> {
        let all = self.current.iter().chain(&self.queue);
        all.map(|queued| &*queued.task).find_map(|task| match task {
            Task::Aborted { key, peer, .. } if *key == wanted => Some(peer.clone()),
            _ => None,
        })
    }

    /// How many there are now; those they add are for the next turn.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// The next one, which is the current one from now on. They are taken one by one, so that a
    /// panic in one does not lose the others.
    pub fn begin(&mut self) -> Option<Rc<Task>> {
        self.current = self.queue.pop_front();
        self.current.as_ref().map(|current| Rc::clone(&current.task))
    }

    /// The current one was performed.
    pub fn done(&mut self) {
        self.current = None;
    }

    /// The current one, if there is one, panicked: it is tried again, once, if it can be. After
    /// that, gives the connection that it was for.
    pub fn panicked(&mut self) -> Option<ConnectionKey> {
        let current = self.current.take()?;
        if current.again || current.task.is_done_once() {
            return current.task.connection();
        }
        self.queue.push_back(Queued { again: true, ..current });
        None
    }

    #[cfg(debug_assertions)]
    pub fn is_at_rest(&self) -> bool {
        self.queue.is_empty()
    }

    #[cfg(debug_assertions)]
    pub fn is_awake(&self) -> bool {
        self.idle.as_ref().is_none_or(Idle::is_active)
    }

    /// After a turn: without tasks the loop may sleep.
    pub fn rest(&mut self) {
        if let (true, Some(idle)) = (self.queue.is_empty(), &self.idle) {
            idle.stop();
        }
    }

    pub fn close<E: Events>(&mut self) {
        self.queue.clear();
        self.current = None;
        if let Some(idle) = self.idle.take() {
            idle.close::<E>();
        }
    }
}
