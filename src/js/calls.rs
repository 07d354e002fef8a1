//! One typed function for each call into JavaScript.

use napi::sys;

use super::reference::Reference;
use super::{AsyncContext, Error, Scope, Value};

/// Fills a struct of references from the properties of a JavaScript object of the same names.
macro_rules! hooks {
    ($(#[$doc:meta])* $name:ident, $resource:literal {
        $($field:ident: $property:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            context: AsyncContext,
            $($field: Reference,)+
        }

        impl $name {
            /// Takes the functions out of `object`; `Err` names the one that is missing.
            pub fn new(object: Value<'_>) -> Result<Self, &'static str> {
                let env = object.env();
                let resource = object.object("resource").ok_or("resource")?;
                Ok(Self {
                    context: AsyncContext::new($resource, resource).map_err(|_| "async context")?,
                    $($field: object
                        .function($property)
                        .and_then(|value| Reference::new(env, value).ok())
                        .ok_or($property)?,)+
                })
            }

            /// Enters JavaScript.
            pub fn enter(&self) -> Result<Scope<'_>, Error> {
                Scope::open(&self.context)
            }
        }
    };
}

hooks! {
    /// What lib/inbound-tcp-socket.js is told about raw connections.
    RawHooks, "MILOUVTCP" {
        open: "onOpen",
        data: "onData",
        drain: "onDrain",
        end: "onEnd",
        close: "onClose",
        closed: "onClosed",
    }
}

hooks! {
    /// What lib/http-service.js is told about HTTP connections.
    HttpHooks, "MILOUVHTTP" {
        request: "onRequest",
        body: "onBody",
        drain: "onDrain",
        abort: "onAbort",
        complete: "onComplete",
        client_error: "onClientError",
        connection: "onConnection",
        closed: "onClosed",
    }
}

impl RawHooks {
    /// A connection was accepted.
    pub fn on_open(&self, scope: &Scope<'_>, connection: f64) -> Result<(), Error> {
        done(scope.call(&self.open, &[scope.number(connection)]))
    }

    /// One read brought these bytes.
    pub fn on_data(&self, scope: &Scope<'_>, connection: f64, data: &[u8]) -> Result<(), Error> {
        let arguments = [scope.number(connection), scope.buffer(data)?];
        done(scope.call(&self.data, &arguments))
    }

    /// What was waiting to be sent has been sent.
    pub fn on_drain(&self, scope: &Scope<'_>, connection: f64) -> Result<(), Error> {
        done(scope.call(&self.drain, &[scope.number(connection)]))
    }

    /// The peer will send nothing more.
    pub fn on_end(&self, scope: &Scope<'_>, connection: f64) -> Result<(), Error> {
        done(scope.call(&self.end, &[scope.number(connection)]))
    }

    /// The connection is gone; `error` is (code, system call) where it ended by one. `totals` are
    /// the bytes read and written, for they can no longer be asked for.
    pub fn on_close(
        &self,
        scope: &Scope<'_>,
        connection: f64,
        error: Option<(&str, &str)>,
        totals: (u64, u64),
    ) -> Result<(), Error> {
        let (code, syscall) = code_and_syscall(scope, error)?;
        let read = scope.number(totals.0 as f64);
        let written = scope.number(totals.1 as f64);
        let arguments = [scope.number(connection), code, syscall, read, written];
        done(scope.call(&self.close, &arguments))
    }

    /// The listener is closed and its last connection gone.
    pub fn on_closed(&self, scope: &Scope<'_>) -> Result<(), Error> {
        done(scope.call(&self.closed, &[]))
    }
}

impl HttpHooks {
    /// A request's head, the packed text; what else belongs to it is in the registers (see
    /// server/registers.rs). What is returned is the body of the answer, if they say so.
    pub fn on_request<'a>(
        &self,
        scope: &'a Scope<'_>,
        head: Value<'a>,
    ) -> Result<Value<'a>, Error> {
        scope.call(&self.request, &[head.raw()])
    }

    /// More of the request's body, its end or its failure can be had.
    pub fn on_body(&self, scope: &Scope<'_>, connection: f64) -> Result<(), Error> {
        done(scope.call(&self.body, &[scope.number(connection)]))
    }

    /// What was waiting to be sent has been sent.
    pub fn on_drain(&self, scope: &Scope<'_>, connection: f64) -> Result<(), Error> {
        done(scope.call(&self.drain, &[scope.number(connection)]))
    }

    /// The connection went while an exchange was open on it.
    pub fn on_abort(
        &self,
        scope: &Scope<'_>,
        connection: f64,
        error: (&str, &str),
        peer: Peer<'_>,
    ) -> Result<(), Error> {
        let (code, message) = code_and_syscall(scope, Some(error))?;
        let [address, port, family] = peer.raw(scope)?;
        let arguments = [scope.number(connection), code, message, address, port, family];
        done(scope.call(&self.abort, &arguments))
    }

    /// A watched answer has been sent whole (no code), or never will be.
    pub fn on_complete(
        &self,
        scope: &Scope<'_>,
        exchange: f64,
        code: Option<&str>,
    ) -> Result<(), Error> {
        let (code, _) = code_and_syscall(scope, code.map(|code| (code, "")))?;
        done(scope.call(&self.complete, &[scope.number(exchange), code]))
    }

    /// A request was refused before it reached the handler, or while its body came.
    pub fn on_client_error(&self, scope: &Scope<'_>, refusal: &Refused<'_>) -> Result<(), Error> {
        let [address, port, family] = refusal.peer.raw(scope)?;
        let arguments = [
            scope.number(f64::from(refusal.status)),
            scope.latin1(refusal.code.as_bytes())?.raw(),
            scope.latin1(refusal.reason.as_bytes())?.raw(),
            scope.number(refusal.offset as f64),
            address,
            port,
            family,
        ];
        done(scope.call(&self.client_error, &arguments))
    }

    /// For a log: a connection was accepted, or has gone; then why, and the bytes read and written.
    pub fn on_connection(
        &self,
        scope: &Scope<'_>,
        peer: Peer<'_>,
        gone: Option<Gone<'_>>,
    ) -> Result<(), Error> {
        let [address, port, family] = peer.raw(scope)?;
        let (code, detail) = code_and_syscall(scope, gone.map(|gone| gone.cause))?;
        let (read, written) = gone.map_or((0, 0), |gone| gone.totals);
        let (read, written) = (scope.number(read as f64), scope.number(written as f64));
        done(scope.call(&self.connection, &[address, port, family, code, detail, read, written]))
    }

    /// The listener is closed and its last connection gone.
    pub fn on_closed(&self, scope: &Scope<'_>) -> Result<(), Error> {
        done(scope.call(&self.closed, &[]))
    }
}

/// Why a request was refused, and whose it was.
#[derive(Debug)]
pub struct Refused<'a> {
    pub status: u16,
    pub code: &'a str,
    pub reason: &'a str,
    pub offset: u64,
    pub peer: Peer<'a>,
}

/// How a connection ended: a code and a sentence, and the bytes read and written.
#[derive(Debug, Clone, Copy)]
pub struct Gone<'a> {
    pub cause: (&'a str, &'a str),
    pub totals: (u64, u64),
}

/// Where a client is: an IP address and a port, or the path of its socket.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'a> {
    pub address: &'a str,
    pub port: u16,
    pub family: &'static str,
}

impl Peer<'_> {
    fn raw(self, scope: &Scope<'_>) -> Result<[sys::napi_value; 3], Error> {
        let address = scope.text(self.address.as_bytes())?.raw();
        let port = scope.number(f64::from(self.port));
        Ok([address, port, scope.latin1(self.family.as_bytes())?.raw()])
    }
}

fn done(result: Result<Value<'_>, Error>) -> Result<(), Error> {
    result.map(|_| ())
}

fn code_and_syscall(
    scope: &Scope<'_>,
    error: Option<(&str, &str)>,
) -> Result<(sys::napi_value, sys::napi_value), Error> {
    match error {
        None => Ok((scope.undefined(), scope.undefined())),
        Some((code, syscall)) => {
            let (code, syscall) = (code.as_bytes(), syscall.as_bytes());
            Ok((scope.latin1(code)?.raw(), scope.latin1(syscall)?.raw()))
        }
    }
}
