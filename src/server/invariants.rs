//! What is always true of a runtime between two holds of it. Looked at in builds with debug
//! assertions, at the end of each hold: see `runtime::with`.

#[cfg(debug_assertions)]
use super::connections::{Connection, Phase, Protocol};
use super::runtime::Runtime;

/// With more connections than these they are not looked at one by one: it would take for ever.
#[cfg(debug_assertions)]
const FEW: usize = 32;

impl Runtime {
    #[cfg(not(debug_assertions))]
    #[inline(always)]
    pub fn check(&self) {}

    #[cfg(debug_assertions)]
    pub fn check(&self) {
        use crate::uv::open_handles;
        if !self.cleanup.is_empty() {
            return;
        }
        let listening = self.listeners.values().filter(|found| found.socket.is_some()).count();
        let own = 3;
        let known = self.connections.len() + listening + own;
        assert!(open_handles() >= known, "{} handles, {known} are known", open_handles());
        assert!(self.tasks.is_at_rest() || self.tasks.is_awake(), "tasks that nobody will do");
        assert!(self.turn.is_at_rest() || self.tasks.is_awake(), "events nobody will tell of");
        if self.connections.len() > FEW {
            return;
        }
        for (key, listener) in &self.listeners {
            let count = self.keys_of(key).len();
            assert_eq!(listener.stats.connections as usize, count, "counted otherwise");
        }
        for connection in self.connections.values() {
            self.check_connection(connection);
        }
    }

    #[cfg(debug_assertions)]
    fn check_connection(&self, connection: &Connection) {
        use super::listeners::Service;
        let Connection { protocol, phase, send, .. } = connection;
        send.check();
        let listener = self.listeners.get(connection.listener);
        let listener = listener.expect("a listener outlives its connections");
        let is_out = matches!(phase, Phase::Lingering { .. });
        assert!(!is_out || send.is_empty(), "something waits behind our FIN");
        match (protocol, &listener.service) {
            (Protocol::Http(state), Service::Http { .. }) => {
                state.machine.check();
                let is_open = *phase == Phase::Open;
                assert!(is_open || !state.serving, "an answer is awaited that cannot come");
                assert!(is_open || state.watching.is_none(), "an end is awaited that has come");
                assert!(!is_out || state.gathered.is_empty(), "bytes gathered behind our FIN");
                assert!(!state.queued || !self.turn.is_at_rest(), "queued in no queue");
                let is_answered = !state.machine.exchange_open();
                assert!(state.aside.is_none() || !is_answered, "a body that nobody can take");
            }
            (Protocol::Raw(raw), Service::Raw(_)) => {
                assert_eq!(*phase, Phase::Open, "a raw connection is open until it is removed");
                assert!(raw.ended || !raw.shut_down, "our side ended by itself");
                assert!(!raw.shut_down || send.is_empty(), "something waits behind our FIN");
            }
            (Protocol::Proxy(_), _) => {
                assert!(listener.proxies.is_some(), "no proxy was to say whose it is");
                assert_eq!(*phase, Phase::Open, "nobody has heard of it");
            }
            _ => panic!("a connection speaks what its listener does not"),
        }
    }
}
