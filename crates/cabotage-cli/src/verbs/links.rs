// SPDX-License-Identifier: MIT OR Apache-2.0
//! Streams and messages over links: who publishes, who connects, and how an end too early is told.
//!
//! A stream is the bytes of the messages, in order; it ends when the sender closes its end. A sender that dies
//! without closing leaves half a stream, and the receiver says so.

use std::fs::File;

use cabotage::Deadline;
use cabotage::link::names::{ConnectError, ConnectOptions, Name, PublishOptions, Registry};
use cabotage::link::{JoinError, Link, LinkError, Listener, Options, ReceiveError, SendError};

use super::timeout::Timeout;
use super::transfer::{self, CHUNK_BYTES, Meter, Target};
use crate::exit::{Exit, Failure};

/// Connects to whoever has published `name`, and waits until that process has accepted. Without a time-out the name
/// must be there.
pub(crate) fn connect(name: &Name, timeout: &Timeout) -> Result<Link, Failure> {
    let how = ConnectOptions::new();
    let how = if timeout.is_given() { how.wait_for_name() } else { how };
    let deadline = timeout.deadline();
    let registry = Registry::from_environment();
    let mut link =
        Link::connect_in(&registry, name, how, Options::new(), deadline).map_err(|error| match error {
            JoinError::Connect(ConnectError::Absent { .. } | ConnectError::Refused { .. })
                if timeout.is_given() =>
            {
                let words = format!("nobody published link:{name} before the time was up");
                Failure::new(Exit::TimedOut, words)
            }
            error => error.into(),
        })?;
    link.wait_for_peer(deadline).map_err(|error| match error {
        ReceiveError::Nothing => {
            let words = format!("the process at link:{name} did not answer before the time was up");
            Failure::new(Exit::TimedOut, words)
        }
        ReceiveError::Link(LinkError::Closed | LinkError::Died) => {
            let words = format!("link:{name} was taken back before we were accepted: try again");
            Failure::new(Exit::PeerGone, words)
        }
        error => error.into(),
    })?;
    Ok(link)
}

/// Has the name as long as the answer lives.
pub(crate) fn publish(name: &Name) -> Result<Listener, Failure> {
    let (registry, how) = (Registry::from_environment(), PublishOptions::new());
    let deadline = Deadline::within(OTHERS_ARE_BUSY);
    Ok(Listener::publish_in(&registry, name, how, Options::new(), deadline)?)
}

/// Others hold a name's lock for a few system calls.
const OTHERS_ARE_BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// Has the name until one client has come.
pub(crate) fn accept_one(name: &Name, timeout: &Timeout) -> Result<Link, Failure> {
    let listener = publish(name)?;
    Ok(listener.accept(timeout.deadline())?)
}

/// As they come: what one read gives is one message.
pub(crate) fn pass_on(
    source: &mut File,
    mut link: Link,
    name: &Name,
    meter: &mut Meter,
) -> Result<(), Failure> {
    transfer::pass_on(source, CHUNK_BYTES, meter, |chunk, sent| {
        link.send(chunk, Deadline::Never).map_err(|error| left(error, name, sent))
    })?;
    link.close();
    Ok(())
}

fn left(error: SendError, name: &Name, bytes: u64) -> Failure {
    match error {
        SendError::Link(LinkError::Closed | LinkError::Died) => Failure::new(
            Exit::PeerGone,
            format!("the receiver at link:{name} left; {bytes} bytes had gone into the link"),
        ),
        error => error.into(),
    }
}

/// Writes what comes to `target` until the sender closes its end.
pub(crate) fn drain(
    mut link: Link,
    name: &Name,
    target: &mut Target,
    meter: &mut Meter,
) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match link.receive(Deadline::Never) {
            Ok(message) => {
                let copy = |at, piece: &mut [u8]| message.copy_from(at, piece);
                transfer::copy_out(message.bytes(), copy, &mut buffer, target, meter)?;
            }
            Err(ReceiveError::Link(LinkError::Closed)) => return Ok(()),
            Err(ReceiveError::Link(LinkError::Died)) => {
                return Err(transfer::half("sender at", format_args!("link:{name}"), meter));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
