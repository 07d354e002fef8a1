//! How an answer ends: who waits for it to be out, and what becomes of one that cannot be whole.

use super::connections::Connection;
use super::driver::Driver;
use super::keys::ConnectionKey;
use super::runtime::with;
use super::tasks::Task;

/// The answer under way cannot be completed: what there is goes out, then the connection ends so
/// that the client can tell.
pub fn break_off(key: ConnectionKey) {
    with(|runtime| {
        let Some(state) = runtime.connections.get_mut(key).and_then(Connection::http) else {
            return;
        };
        if state.machine.break_off() {
            return runtime.remove(key, None);
        }
        runtime.flush(key);
        runtime.tasks.push::<Driver>(Task::Pump(key));
    });
}

/// Asks for `onComplete` with this number once the answer is out; `answered`: it was handed over
/// whole, and only the socket has to take it. False: it is out already. None: the connection has
/// gone.
pub fn watch_completion(key: ConnectionKey, exchange: f64, answered: bool) -> Option<bool> {
    with(|runtime| {
        let unsent = runtime.unsent(key) > 0;
        let state = runtime.connections.get_mut(key)?.http()?;
        // The open exchange may be a later one than that which is asked about.
        let open = !answered && state.machine.exchange_open();
        if open {
            debug_assert!(state.watching.is_none(), "an exchange is watched once");
            state.watching = Some(exchange);
        } else if unsent {
            state.finished.push(exchange);
        }
        Some(open || unsent)
    })
    .flatten()
}
