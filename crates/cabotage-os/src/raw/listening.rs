// SPDX-License-Identifier: MIT OR Apache-2.0
//! Connections by name in bare calls: a listening SEQPACKET socket at a path, whoever connects, whoever accepts.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect as connect_to,
    listen as begin_listening, socket_with,
};

use crate::seam::Errno;

/// A socket that listens at `path`. Each accept(2) on it gives up after `patience`.
///
/// # Errors
/// What socket(2), setsockopt(2), bind(2) or listen(2) answer.
pub fn listen(path: &Path, patience: Duration) -> Result<OwnedFd, Errno> {
    let socket = new()?;
    set_socket_timeout(&socket, Timeout::Recv, Some(patience))?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    begin_listening(&socket, WAITING_MAX)?;
    Ok(socket)
}

/// The next client of a listening socket.
///
/// # Errors
/// What accept4(2) answers; `EAGAIN` when none came in time.
#[inline]
pub fn accept(listener: impl AsFd) -> Result<OwnedFd, Errno> {
    accept_with(listener, SocketFlags::CLOEXEC)
}

/// A new connection to whoever listens at `path`.
///
/// # Errors
/// What socket(2) or connect(2) answer.
#[inline]
pub fn connect(path: &Path) -> Result<OwnedFd, Errno> {
    let socket = new()?;
    connect_to(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

fn new() -> Result<OwnedFd, Errno> {
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

const WAITING_MAX: i32 = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::{read, write};

    #[test]
    fn a_client_is_accepted_and_nobody_is_waited_for_in_vain() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = listen(&path, Duration::from_millis(1)).unwrap();
        assert_eq!(accept(&listener).unwrap_err(), Errno::AGAIN);
        let client = connect(&path).unwrap();
        let server = accept(&listener).unwrap();
        assert_eq!(write(&client, b"ahoy"), Ok(4));
        let mut got = [0; 8];
        assert_eq!(read(&server, &mut got), Ok(4));
    }
}
