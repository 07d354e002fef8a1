//! One runtime per thread that runs JavaScript.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use http1::{Engine, KeptHeaders};
use slotmap::SlotMap;

use super::connections::Connection;
use super::driver::Driver;
use super::error::Error;
use super::keys::{ConnectionKey, ListenerKey};
use super::listeners::Listener;
use super::registers::REGISTERS;
use super::sweep::Sweep;
use super::tasks::Tasks;
use super::turn::Turn;
use crate::js::{self, CleanupHandle, Entered, Env, FreshBytes, Registers, Value};
use crate::uv::{Check, EventLoop, Idle, Timer, faults, let_go, open_handles};

/// All that the server room owns on this thread.
pub struct Runtime {
    pub env: Env,
    pub uv_loop: EventLoop,
    pub engine: Engine,
    pub listeners: SlotMap<ListenerKey, Listener>,
    pub connections: SlotMap<ConnectionKey, Connection>,
    pub tasks: Tasks,
    pub sweep: Sweep,
    pub turn: Turn,
    /// The connection whose answers are gathered in `out`, to leave in one write.
    pub corked: Option<ConnectionKey>,
    pub out: Vec<u8>,
    /// The connection that is worked on while no callback of its own runs: see `Driver::panicked`.
    pub busy: Option<ConnectionKey>,
    /// The same for answers to connections that are not corked.
    pub buffers: Vec<Vec<u8>>,
    /// For what JavaScript hands over: header text and string bodies.
    pub headers: Vec<u8>,
    pub body: Vec<u8>,
    /// Header lines of answers that come again and again; lib/ has their numbers, from 1 on.
    pub kept_headers: Vec<KeptHeaders>,
    pub registers: Registers<REGISTERS>,
    /// Memory that the next large piece of a body is read into.
    pub fresh: Option<FreshBytes>,
    /// When the wall clock was last asked, in the loop's milliseconds.
    date_checked: u64,
    /// All environments of this thread that use the addon: where its file was loaded more than
    /// once, each time has one of its own.
    known: Vec<Env>,
    /// Theirs, while they are torn down; dropped with the last handle.
    pub cleanup: Vec<CleanupHandle>,
}

thread_local! {
    // Never dropped by the thread: at process.exit() the environment is already gone by then. The
    // clean-up hook empties it while the environment still stands.
    static RUNTIME: ManuallyDrop<RefCell<Option<Runtime>>> =
        const { ManuallyDrop::new(RefCell::new(None)) };
}

/// The date header has seconds; asking the clock ten times a second keeps it right.
const DATE_INTERVAL: u64 = 100;

/// Capacity that a scratch buffer keeps after a large answer went through it.
const SCRATCH_KEPT: usize = 256 * 1024;

/// Runs `body` with this thread's runtime; None before `listen` and after tear-down. `body` must
/// not call into JavaScript.
pub fn with<R>(body: impl FnOnce(&mut Runtime) -> R) -> Option<R> {
    RUNTIME.with(|runtime| {
        runtime.borrow_mut().as_mut().map(|runtime| {
            faults::trip("enter");
            let result = body(runtime);
            runtime.check();
            faults::trip("leave");
            result
        })
    })
}

/// Runs `body` with this thread's HTTP engine, for parsers that have no connection.
pub fn with_engine<R>(scope: Entered<'_>, body: impl FnOnce(&mut Engine) -> R) -> Result<R, Error> {
    ensure(scope)?;
    with(|runtime| body(&mut runtime.engine)).ok_or(Error::JavaScript(js::Error::CannotRun))
}

/// The array of the registers.
pub fn registers(scope: Entered<'_>) -> Result<Value<'_>, Error> {
    ensure(scope)?;
    let array = with(|runtime| runtime.registers.array(scope));
    Ok(array.unwrap_or(Err(js::Error::CannotRun))?)
}

/// Keeps header lines for answers; returns their number. 0: they are none to keep, since they
/// are wrong or say how long one body is.
pub fn keep_headers(text: Value<'_>, count: u32) -> Result<u32, Error> {
    let mut lines = Vec::new();
    text.append_latin1(&mut lines).ok_or(Error::Argument("headers"))?;
    let kept = KeptHeaders::new(&lines, count).ok().filter(|kept| !kept.state_length());
    let Some(kept) = kept else { return Ok(0) };
    let number = with(|runtime| {
        runtime.kept_headers.push(kept);
        runtime.kept_headers.len() as u32
    });
    Ok(number.unwrap_or(0))
}

/// Makes the runtime if this thread has none. Each environment that uses it has to outlive it:
/// what the runtime holds of JavaScript is given back through the environment that it came from.
pub fn ensure(scope: Entered<'_>) -> Result<(), Error> {
    let env = scope.env();
    RUNTIME.with(|cell| {
        if let Some(runtime) = cell.borrow_mut().as_mut() {
            if !runtime.known.contains(&env) {
                js::add_async_cleanup_hook(env, on_environment_cleanup)?;
                runtime.known.push(env);
            }
            return Ok(());
        }
        let uv_loop = EventLoop::adopt(env.event_loop()?);
        let registers = Registers::new(scope)?;
        let timer = Timer::new::<Driver>(uv_loop)?;
        let idle = Idle::new(uv_loop);
        let check = Check::start::<Driver>(uv_loop);
        *cell.borrow_mut() = Some(Runtime {
            env,
            uv_loop,
            engine: Engine::new(),
            listeners: SlotMap::with_key(),
            connections: SlotMap::with_key(),
            tasks: Tasks::new(idle),
            sweep: Sweep::new(timer),
            turn: Turn::new(check),
            corked: None,
            out: Vec::new(),
            busy: None,
            buffers: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            kept_headers: Vec::new(),
            registers,
            fresh: None,
            date_checked: 0,
            known: vec![env],
            cleanup: Vec::new(),
        });
        Ok(js::add_async_cleanup_hook(env, on_environment_cleanup)?)
    })
}

impl Runtime {
    /// Works for this connection: where that panics, it is closed (see `Driver::panicked`).
    pub fn busy_with<R>(&mut self, key: ConnectionKey, body: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.busy.replace(key);
        let result = body(self);
        self.busy = before;
        result
    }

    fn close_all_handles(&mut self) {
        self.corked = None;
        let keys: Vec<_> = self.connections.keys().collect();
        for key in keys {
            if let Some(connection) = self.connections.remove(key) {
                connection.stream.close::<Driver>();
            }
            faults::trip("close_all_handles");
        }
        for (_, listener) in &mut self.listeners {
            if let Some(socket) = listener.socket.take() {
                socket.close::<Driver>();
            }
        }
        self.tasks.close::<Driver>();
        self.sweep.close::<Driver>();
        self.turn.close::<Driver>();
    }

    /// The loop's clock; refreshes the engine's date on the way.
    pub fn now(&mut self) -> u64 {
        let now = self.uv_loop.now();
        if now >= self.date_checked + DATE_INTERVAL || self.date_checked == 0 {
            self.date_checked = now;
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
            self.engine.set_wall_clock(since_epoch.map_or(0, |elapsed| elapsed.as_secs()));
        }
        now
    }

    /// Forgets capacity that one large string left behind.
    pub fn trim_scratch(&mut self) {
        for scratch in [&mut self.headers, &mut self.body] {
            scratch.clear();
            if scratch.capacity() > SCRATCH_KEPT {
                *scratch = Vec::new();
            }
        }
    }
}

/// A handle's memory went back. In tear-down the last one lets the environment go.
pub fn handle_closed() {
    RUNTIME.with(|cell| {
        let mut slot = cell.borrow_mut();
        let Some(runtime) = slot.as_mut() else { return };
        if open_handles() == 0 && !runtime.cleanup.is_empty() {
            let runtime = slot.take();
            drop(slot);
            finish(runtime);
        }
    });
}

/// The worker ends or the process exits: every handle is closed, JavaScript is not called again.
/// Comes once for each environment, all in one turn of the loop.
fn on_environment_cleanup(handle: CleanupHandle) {
    RUNTIME.with(|cell| {
        let mut slot = cell.borrow_mut();
        let Some(runtime) = slot.as_mut() else { return };
        runtime.cleanup.push(handle);
        // A handle that stays open ends the process by an abort: after a panic the rest is closed.
        for _ in 0..2 {
            match catch_unwind(AssertUnwindSafe(|| runtime.close_all_handles())) {
                Ok(()) => break,
                Err(panic) => let_go(panic),
            }
        }
    });
}

fn finish(runtime: Option<Runtime>) {
    if let Some(mut runtime) = runtime {
        let handles = std::mem::take(&mut runtime.cleanup);
        // References and async contexts go before the environments may.
        drop(runtime);
        drop(handles);
    }
}
