use std::collections::HashMap;

use super::keys::ListenerKey;
use super::runtime::with;

/// Plain counts of one listener since it was opened.
#[derive(Debug, Default, Clone)]
pub struct Stats {
    pub connections: u32,
    pub total_connections: u64,
    pub requests: u64,
    pub bytes_read: u64,
    pub bytes_written: u64,
    /// Final answers by class: 2xx at 0 ... 5xx at 3.
    pub responses: [u64; 4],
    /// Refused requests by code.
    pub refusals: HashMap<&'static str, u64>,
}

impl Stats {
    /// Counts a final answer.
    pub fn count_response(&mut self, status: u16) {
        if let Some(count) = self.responses.get_mut(usize::from(status / 100).wrapping_sub(2)) {
            *count += 1;
        }
    }
}

/// None: the listener has been closed, and with it its counts.
pub fn stats_of(key: ListenerKey) -> Option<Stats> {
    with(|runtime| runtime.listeners.get(key).map(|listener| listener.stats.clone())).flatten()
}
