// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights that come and go without a message: to a child that is about to run, from a parent, by a name.

use std::os::fd::OwnedFd;
use std::sync::Mutex;

use cabotage_link::{Link, Listener};
use cabotage_os::SystemError;

use super::Carrier;
use super::desk::{Desk, Route, link_over, refusal_of_link, refusal_of_set, two_ends};
use super::passing::NotPassed;
use crate::kernel::message::Capability;
use crate::kernel::port::Home;
use crate::kernel::{Kernel, PortId, Ticket};

/// Why a right can't leave, or come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RightError {
    /// The port is dead, or this is no send right.
    #[error("the right is none to a living port")]
    Dead,
    /// The port's process reads nothing.
    #[error("the process that has the port does not read what it is told: try again later")]
    Crowded,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl From<NotPassed> for RightError {
    fn from(error: NotPassed) -> Self {
        match error {
            NotPassed::Crowded | NotPassed::Receive | NotPassed::TooMuch => Self::Crowded,
            NotPassed::System(refusal) => Self::System(refusal),
        }
    }
}

impl Carrier {
    /// The end of a link that is a send right to this port, to be given to another process. The right that the caller
    /// has stays.
    pub(crate) fn end_for(
        &self,
        kernel: &Mutex<Kernel>,
        port: PortId,
    ) -> (Result<OwnedFd, RightError>, Vec<Ticket>) {
        self.act(kernel, |desk, kernel| desk.end_for(kernel, port))
    }

    /// A send right from the end of a link that came from somebody.
    pub(crate) fn take_end(
        &self,
        kernel: &Mutex<Kernel>,
        end: OwnedFd,
    ) -> (Result<Capability, RightError>, Vec<Ticket>) {
        self.act(kernel, |desk, kernel| {
            let link = link_over(end).map_err(refusal_of_link)?;
            desk.take_link(kernel, link)
        })
    }

    /// A send right from a link that was connected by a name.
    pub(crate) fn take_link(
        &self,
        kernel: &Mutex<Kernel>,
        link: Link,
    ) -> (Result<Capability, RightError>, Vec<Ticket>) {
        self.act(kernel, |desk, kernel| desk.take_link(kernel, link))
    }

    /// From now on whoever connects by this name gets a send right to the port. The name has one too.
    pub(crate) fn publish(
        &self,
        kernel: &Mutex<Kernel>,
        port: PortId,
        listener: Listener,
    ) -> (Result<(), RightError>, Vec<Ticket>) {
        self.act(kernel, |desk, kernel| desk.publish(kernel, port, listener))
    }

    /// Takes the name of a port back; answers whether it had one.
    pub(crate) fn unpublish(&self, kernel: &Mutex<Kernel>, port: PortId) -> (bool, Vec<Ticket>) {
        self.act(kernel, |desk, kernel| desk.unpublish(kernel, port))
    }
}

impl Desk {
    fn end_for(&mut self, kernel: &mut Kernel, port: PortId) -> Result<OwnedFd, RightError> {
        match kernel.ports.get(port).map(|port| port.home) {
            None => Err(RightError::Dead),
            Some(Home::Away(route)) => match self.routes.get(route).copied() {
                Some(Route::Link(key)) => {
                    let fork = self.nonces.draw()?;
                    Ok(self.fork(key, fork)?)
                }
                _ => Err(RightError::Dead),
            },
            Some(_) if self.has_been_handed_over(port) => Err(RightError::Crowded),
            Some(_) => {
                let (owners, theirs) = two_ends()?;
                let link = link_over(owners).map_err(refusal_of_link)?;
                self.own(kernel, link, port, false)?;
                kernel.grant_send(port);
                Ok(theirs)
            }
        }
    }

    fn take_link(&mut self, kernel: &mut Kernel, link: Link) -> Result<Capability, RightError> {
        let port = self.hold(kernel, link, None, false)?;
        kernel.grant_send(port);
        Ok(Capability::Send(port))
    }

    fn publish(&mut self, kernel: &mut Kernel, port: PortId, listener: Listener) -> Result<(), RightError> {
        if !kernel.grant_send(port) {
            return Err(RightError::Dead);
        }
        let published = self
            .known(port)
            .map(|_| ())
            .and_then(|()| self.set.listen(listener).map_err(|refused| refusal_of_set(refused.error)));
        match published {
            Ok(door) => {
                self.doors.insert(door, port);
                self.known(port)?.door = Some(door);
                Ok(())
            }
            Err(refusal) => {
                kernel.withdraw_send(port);
                Err(refusal.into())
            }
        }
    }

    fn unpublish(&mut self, kernel: &mut Kernel, port: PortId) -> bool {
        let door = self.ports.get_mut(&port).and_then(|known| known.door.take());
        let Some(door) = door else { return false };
        self.doors.remove(&door);
        drop(self.set.unlisten(door));
        kernel.withdraw_send(port);
        true
    }
}
