// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the receiver can ask of its port, and set.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_get_attributes`, `mach_port_set_attributes`, `mach_port_get_srights`,
//! `mach_port_set_mscount`, `mach_port_set_seqno`; osfmk/mach/port.h: `mach_port_status_t`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::port::{Guard, Port, QUEUE_LIMIT_MAX, Rare};
use crate::kernel::step::Step;
use crate::name::Name;

/// The state of a port: `MACH_PORT_RECEIVE_STATUS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortStatus {
    /// Whether it is in a set, or several.
    pub in_set: bool,
    /// The sequence number that the next message taken gets.
    pub sequence: u32,
    /// How many send rights were made.
    pub make_send_count: u32,
    /// How many messages fill the queue.
    pub queue_limit: u32,
    /// How many are in it.
    pub queued: u32,
    /// Send-once rights, wherever they are.
    pub send_once_rights: u32,
    /// Whether there are send rights, wherever they are.
    pub has_send_rights: bool,
    /// Whether a port-destroyed notification is registered.
    pub has_port_destroyed_request: bool,
    /// Whether a no-senders notification is registered.
    pub has_no_senders_request: bool,
    /// Whether it is guarded.
    pub is_guarded: bool,
    /// Whether the guard is strict.
    pub is_strictly_guarded: bool,
    /// Whether the receive right may never move.
    pub is_immovable: bool,
}

impl Kernel {
    /// How many messages fill the queue: `MACH_PORT_LIMITS_INFO`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] if it is no receive right.
    pub fn limit(&mut self, space: SpaceId, name: Name) -> Result<u32, KernError> {
        Ok(self.received_port(space, name)?.queue_limit)
    }

    /// Sets how many messages fill the queue. Those who wait for room go on if there is more now.
    ///
    /// # Errors
    /// As [`Kernel::limit`]; [`KernError::InvalidValue`] above [`QUEUE_LIMIT_MAX`].
    pub fn set_limit(&mut self, space: SpaceId, name: Name, limit: u32) -> Result<(), KernError> {
        let port = self.received_port(space, name)?;
        if limit > QUEUE_LIMIT_MAX {
            return Err(KernError::InvalidValue);
        }
        port.queue_limit = limit;
        let port = self.receive_right(space, name)?;
        self.steps.push(Step::Limit(port));
        self.make_room(port);
        Ok(())
    }

    /// The state of the port: `MACH_PORT_RECEIVE_STATUS`.
    ///
    /// # Errors
    /// As [`Kernel::limit`].
    pub fn status(&mut self, space: SpaceId, name: Name) -> Result<PortStatus, KernError> {
        self.received_port(space, name).map(|port| port.status())
    }

    /// How many requests to be told of the port's death, or that it can be sent to, are registered:
    /// `MACH_PORT_DNREQUESTS_SIZE`.
    ///
    /// # Errors
    /// As [`Kernel::limit`].
    pub fn dead_name_requests(&mut self, space: SpaceId, name: Name) -> Result<usize, KernError> {
        Ok(self.received_port(space, name)?.rare.as_ref().map_or(0, |rare| rare.watched.len()))
    }

    /// How many send rights there are: one for each space, message and other process that has some:
    /// `mach_port_get_srights`.
    ///
    /// # Errors
    /// As [`Kernel::limit`].
    pub fn send_rights(&mut self, space: SpaceId, name: Name) -> Result<u32, KernError> {
        Ok(self.received_port(space, name)?.send_rights)
    }

    /// Sets the make-send count: `mach_port_set_mscount`.
    ///
    /// # Errors
    /// As [`Kernel::limit`].
    pub fn set_make_send_count(&mut self, space: SpaceId, name: Name, count: u32) -> Result<(), KernError> {
        self.received_port(space, name)?.make_send_count = count;
        Ok(())
    }

    /// Sets the sequence number that the next message taken gets: `mach_port_set_seqno`.
    ///
    /// # Errors
    /// As [`Kernel::limit`].
    pub fn set_sequence(&mut self, space: SpaceId, name: Name, sequence: u32) -> Result<(), KernError> {
        self.received_port(space, name)?.sequence = sequence;
        Ok(())
    }

    /// The port of a receive right; no name is a name of the wrong kind.
    pub(crate) fn received_port(&mut self, space: SpaceId, name: Name) -> Result<&mut Port, KernError> {
        self.refuse_no_name(space, name)?;
        self.receive_port(space, name)
    }
}

impl Port {
    fn status(&self) -> PortStatus {
        let has = |what: fn(&Rare) -> bool| self.rare.as_deref().is_some_and(what);
        PortStatus {
            in_set: !self.sets.is_empty(),
            sequence: self.sequence,
            make_send_count: self.make_send_count,
            queue_limit: self.queue_limit,
            queued: u32::try_from(self.queue.len()).unwrap_or(u32::MAX),
            send_once_rights: self.send_once_rights,
            has_send_rights: self.send_rights > 0,
            has_port_destroyed_request: has(|rare| rare.port_destroyed.is_some()),
            has_no_senders_request: has(|rare| rare.no_senders.is_some()),
            is_guarded: self.guard() != Guard::None,
            is_strictly_guarded: self.guard() == Guard::Strict,
            is_immovable: has(|rare| rare.immovable),
        }
    }
}
