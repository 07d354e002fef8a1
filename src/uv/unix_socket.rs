//! Unix domain sockets: their files, and names in Linux's abstract namespace (a leading NUL).
//! libuv's own bind would cut a long path, replace no stale file, and unlink another's at close.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use libuv_sys2 as sys;
use socket2::{Domain, SockAddr, Socket, Type};

use super::listener::PathOptions;
use super::{Error, faults};

/// How long another process may take from its bind to its listen: in between its socket looks like
/// one that nobody listens on.
const BIND_TO_LISTEN: Duration = Duration::from_millis(20);

/// The file of a socket that listens.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// A socket bound to the path, and its file, if the path is one.
pub(super) fn bind(options: &PathOptions) -> Result<(Socket, Option<SocketFile>), Error> {
    let address = SockAddr::unix(&options.path)
        .map_err(|_| Error::new(sys::uv_errno_t_UV_ENAMETOOLONG, "bind"))?;
    let socket = faults::system("socket", || Socket::new(Domain::UNIX, Type::STREAM, None));
    let socket = socket.map_err(failed("socket"))?;
    if options.path.starts_with('\0') {
        socket.bind(&address).map_err(failed("bind"))?;
        return Ok((socket, None));
    }
    let path = Path::new(&options.path);
    if let Err(error) = socket.bind(&address) {
        if error.kind() != io::ErrorKind::AddrInUse || !remove_stale(path, &address) {
            return Err(failed("bind")(error));
        }
        socket.bind(&address).map_err(failed("bind"))?;
    }
    let file = faults::system("chmod", || open_to(path, options)).map_err(|error| {
        // What was not made ready must not stay; that it could not be is the error to tell.
        let _ = fs::remove_file(path);
        Error::of_system(&error, "chmod")
    })?;
    Ok((socket, Some(file)))
}

/// Gives the file its permissions; to connect takes the right to write.
fn open_to(path: &Path, options: &PathOptions) -> io::Result<SocketFile> {
    let metadata = fs::symlink_metadata(path)?;
    let mode = metadata.permissions().mode();
    let readable = if options.readable_all { 0o444 } else { 0 };
    let writable = if options.writable_all { 0o222 } else { 0 };
    if mode | readable | writable != mode {
        fs::set_permissions(path, Permissions::from_mode(mode | readable | writable))?;
    }
    // The working directory may be another one when the file is removed.
    Ok(SocketFile { path: std::path::absolute(path)?, identity: identity_of(&metadata) })
}

/// Removes a socket's file that nobody listens on. False: it is in use, or no socket's.
fn remove_stale(path: &Path, address: &SockAddr) -> bool {
    let stale = || {
        let metadata = fs::symlink_metadata(path).ok()?;
        let is_stale = metadata.file_type().is_socket() && is_deserted(address);
        is_stale.then(|| identity_of(&metadata))
    };
    let Some(first) = stale() else { return false };
    sleep(BIND_TO_LISTEN);
    stale() == Some(first) && fs::remove_file(path).is_ok()
}

/// Whether nobody listens there.
fn is_deserted(address: &SockAddr) -> bool {
    let Ok(probe) = Socket::new(Domain::UNIX, Type::STREAM, None) else { return false };
    // One whose queue is full would make us wait.
    if probe.set_nonblocking(true).is_err() {
        return false;
    }
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    probe.connect(address).is_err_and(refused)
}

impl SocketFile {
    /// Removes the file, unless another took its place.
    pub(super) fn remove(self) {
        let found = fs::symlink_metadata(&self.path).map(|metadata| identity_of(&metadata));
        if found.is_ok_and(|identity| identity == self.identity) {
            // Whoever removes it between the two has done what we wanted; a folder that has become
            // read-only keeps it, and the next to listen finds it stale.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// The name in an address; lossy where it is no UTF-8, empty where it has none.
pub(super) fn name_of(address: &SockAddr) -> Box<str> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    #[cfg(target_os = "linux")]
    if let Some(name) = address.as_abstract_namespace() {
        return format!("\0{}", text(name)).into();
    }
    let path = address.as_pathname().map(|path| text(path.as_os_str().as_encoded_bytes()));
    path.unwrap_or_default().into()
}

fn failed(syscall: &'static str) -> impl Fn(io::Error) -> Error {
    move |error| Error::of_system(&error, syscall)
}
