//! One coarse timer for all deadlines of all connections.

use super::accept;
use super::connections::{Connection, Phase, Protocol};
use super::driver::Driver;
use super::exchange;
use super::introduction;
use super::keys::ConnectionKey;
use super::raw;
use super::runtime::with;
use crate::uv::{Error, Timer};

/// The coarsest tick, in milliseconds.
const TICK_MAX: u64 = 1_000;

/// The finest tick, for short timeouts.
const TICK_MIN: u64 = 10;

/// A deadline is found at the latest this fraction of the shortest timeout after it.
const TICKS_PER_TIMEOUT: u64 = 4;

/// The timer; it runs while there are connections.
pub struct Sweep {
    timer: Option<Timer>,
    period: u64,
    running: bool,
    last: u64,
    /// The period that the listeners' timeouts ask for.
    base: u64,
}

/// What a sweep found.
enum Due {
    Http(ConnectionKey),
    Raw(ConnectionKey),
    Proxy(ConnectionKey),
    Linger(ConnectionKey),
    /// The client left while nothing was read from it.
    Lost(ConnectionKey, Error),
}

impl Sweep {
    pub fn new(timer: Timer) -> Self {
        Self { timer: Some(timer), period: TICK_MAX, running: false, last: 0, base: TICK_MAX }
    }

    /// Makes the tick fine enough for a listener's timeouts.
    pub fn adopt_timeouts(&mut self, timeouts: &[u32], now: u64) {
        for &timeout in timeouts.iter().filter(|&&timeout| timeout != 0) {
            // Not what connections ask for: that goes with them.
            self.base = self.base.min(period_for(timeout));
            self.adopt_timeout(timeout, now);
        }
    }

    /// Makes the tick fine enough for one connection's timeout, until no connection is left.
    pub fn adopt_timeout(&mut self, timeout: u32, now: u64) {
        let period = period_for(timeout);
        if period < self.period {
            self.period = period;
            if std::mem::take(&mut self.running) {
                self.start(now);
            }
        }
    }

    pub fn start(&mut self, now: u64) {
        if let Some(timer) = &self.timer
            && !self.running
        {
            // Starting fails only on a closing handle, which is taken out before.
            self.running = timer.start::<Driver>(self.period).is_ok();
            self.last = now;
        }
    }

    fn stop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.stop();
        }
        self.running = false;
        self.period = self.base;
    }

    pub fn close<E: crate::uv::Events>(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.close::<E>();
        }
        self.running = false;
    }

    /// The time by which deadlines count as missed. Where the loop stood still, what clients sent
    /// meanwhile has not been read yet (timers run first): only what came before the last tick has.
    fn missed_by(&mut self, now: u64) -> u64 {
        let last = std::mem::replace(&mut self.last, now);
        if now > last + 2 * self.period { last } else { now }
    }
}

fn period_for(timeout: u32) -> u64 {
    (u64::from(timeout) / TICKS_PER_TIMEOUT).clamp(TICK_MIN, TICK_MAX)
}

/// Finds the connections whose time is up and deals with each.
pub fn run() {
    let due = with(|runtime| {
        let now = runtime.now();
        if runtime.connections.is_empty() {
            if runtime.listeners.values().all(|listener| !listener.holds_back) {
                runtime.sweep.stop();
            }
            return Vec::new();
        }
        let until = runtime.sweep.missed_by(now);
        runtime.connections.iter().filter_map(|(key, found)| due(key, found, until)).collect()
    });
    for due in due.unwrap_or_default() {
        match due {
            Due::Http(key) => exchange::deadline_reached(key),
            Due::Raw(key) => raw::time_out(key),
            Due::Proxy(key) => introduction::time_out(key),
            Due::Linger(key) => {
                with(|runtime| runtime.remove(key, None));
            }
            Due::Lost(key, error) => {
                with(|runtime| runtime.fail(key, error.into()));
            }
        }
    }
    accept::accept_held_back();
}

fn due(key: ConnectionKey, connection: &Connection, now: u64) -> Option<Due> {
    // What a raw connection has not read yet is still to be read, whatever came behind it.
    if let (Protocol::Http(_), false) = (&connection.protocol, connection.reading)
        && let Some(error) = connection.stream.pending_error()
    {
        return Some(Due::Lost(key, error));
    }
    match (&connection.protocol, connection.phase) {
        (_, Phase::Lingering { silent_by, until, .. }) => {
            (silent_by.min(until) <= now).then_some(Due::Linger(key))
        }
        (Protocol::Http(http), _) => (http.machine.deadline()? <= now).then_some(Due::Http(key)),
        (Protocol::Proxy(proxy), _) => (proxy.deadline()? <= now).then_some(Due::Proxy(key)),
        (Protocol::Raw(raw), _) => {
            let deadline = raw.last_active + u64::from(raw.timeout);
            (raw.timeout != 0 && deadline <= now).then_some(Due::Raw(key))
        }
    }
}
