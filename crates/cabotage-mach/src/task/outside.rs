// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights that come and go without a message: as ends of links, and by names.

use std::os::fd::OwnedFd;
use std::sync::Mutex;

use cabotage_link::{Deadline, Link, Listener};

use super::Names;
use crate::carrier::{Carrier, Loan, RightError};
use crate::code::KernError;
use crate::error::OutsideError;
use crate::kernel::message::Capability;
use crate::kernel::{Kernel, PortId, Ticket};
use crate::name::Name;
use crate::right::Disposition;

impl Names {
    /// A send right as the end of a link, for another process: to be given to a child at its start, or sent over any
    /// socket. Made, copied or moved as `disposition` says.
    ///
    /// # Errors
    /// [`OutsideError`]; [`KernError::InvalidRight`] for a disposition that gives no send right.
    pub fn end_for(self, name: Name, disposition: Disposition) -> Result<OwnedFd, OutsideError> {
        let right = self.run(|kernel, space| {
            match disposition {
                Disposition::MakeSend | Disposition::CopySend | Disposition::MoveSend => {}
                _ => return Err(KernError::InvalidRight),
            }
            kernel.copy_in(space, name, disposition)
        })?;
        let Capability::Send(port) = right else { return Err(KernError::InvalidCapability.into()) };
        let end = self.outside(|carrier, kernel| carrier.end_for(kernel, port));
        self.host.run(|kernel| kernel.destroy_capability(right));
        end
    }

    /// A send right from the end of a link that another process gave away: the name of it.
    ///
    /// # Errors
    /// [`OutsideError`]
    pub fn take_end(self, end: OwnedFd) -> Result<Name, OutsideError> {
        let right = self.outside(|carrier, kernel| carrier.take_end(kernel, end))?;
        self.named(right)
    }

    /// A send right from a link that was connected by a name.
    pub(crate) fn take_link(self, link: Link) -> Result<Name, OutsideError> {
        let right = self.outside(|carrier, kernel| carrier.take_link(kernel, link))?;
        self.named(right)
    }

    /// From now on whoever connects by this name gets a send right to the port.
    pub(crate) fn publish(self, name: Name, listener: Listener) -> Result<(), OutsideError> {
        let port = self.port_of(name)?;
        self.outside(|carrier, kernel| carrier.publish(kernel, port, listener))
    }

    /// Takes the name of a port back, so that nobody else finds it; answers whether it had one. Who has a right keeps it.
    ///
    /// # Errors
    /// [`OutsideError`]
    pub fn unpublish(self, name: Name) -> Result<bool, OutsideError> {
        let port = self.port_of(name)?;
        self.outside(|carrier, kernel| {
            let (had_one, woken) = carrier.unpublish(kernel, port);
            (Ok(had_one), woken)
        })
    }

    /// Memory for a message to the port of a send right, waiting for it at most until `deadline`; `None` if there was
    /// none in time.
    ///
    /// # Errors
    /// [`OutsideError`]
    pub fn loan(self, name: Name, bytes: usize, deadline: Deadline) -> Result<Option<Loan>, OutsideError> {
        let port =
            self.run(|kernel, space| kernel.look(space, name)?.held.sends().ok_or(KernError::InvalidRight))?;
        loop {
            let loan = match self.run(|kernel, _| Ok(kernel.is_away(port)))? {
                true => self.outside(|carrier, kernel| carrier.loan(kernel, port, bytes))?,
                false => Some(Loan::own(bytes)),
            };
            if loan.is_some() || deadline.has_passed() {
                return Ok(loan);
            }
            self.host.look_for_a_moment(deadline);
        }
    }

    /// Looks after the links of the process, or lets whoever does, for a moment.
    pub(crate) fn look_on(self, deadline: Deadline) {
        self.host.look_for_a_moment(deadline);
    }

    fn port_of(self, name: Name) -> Result<PortId, OutsideError> {
        Ok(self.run(|kernel, space| kernel.receive_right(space, name))?)
    }

    fn named(self, right: Capability) -> Result<Name, OutsideError> {
        let named = self.run(|kernel, space| {
            kernel.copy_out(space, right).map_err(|(error, right)| {
                kernel.destroy_capability(right);
                error
            })
        });
        Ok(named?)
    }

    fn outside<T>(
        self,
        act: impl FnOnce(&Carrier, &Mutex<Kernel>) -> (Result<T, RightError>, Vec<Ticket>),
    ) -> Result<T, OutsideError> {
        if !self.host.is_here() {
            return Err(KernError::Forked.into());
        }
        Ok(self.host.with_carrier(act)??)
    }
}
