// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking a right out of a space, by the rule that the caller names.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_right.c: `ipc_right_copyin`.

use super::Kernel;
use super::ids::{PortId, SpaceId};
use super::message::Capability;
use super::port::Home;
use super::space::Held;
use crate::code::KernError;
use crate::name::Name;
use crate::right::Disposition;

impl Kernel {
    /// Takes, copies or makes a right by `name`. A right to a port that has died gives [`Capability::Dead`] where it can
    /// be copied or moved.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] if the name stands for another
    /// kind of right than `disposition` needs; [`KernError::ResourceShortage`] for one more send-once right than a task
    /// may have open; [`KernError::InvalidCapability`] if the receive right may not move, or the
    /// port is for replies and a send right was to be made.
    pub fn copy_in(
        &mut self,
        space: SpaceId,
        name: Name,
        disposition: Disposition,
    ) -> Result<Capability, KernError> {
        let held = self.look(space, name)?.held;
        self.copy_in_held(space, name, held, disposition)
    }

    /// The same for who has looked what `name` stands for.
    #[inline]
    pub(crate) fn copy_in_held(
        &mut self,
        space: SpaceId,
        name: Name,
        held: Held,
        disposition: Disposition,
    ) -> Result<Capability, KernError> {
        match disposition {
            Disposition::MakeSend => {
                let id = held.receives().ok_or(KernError::InvalidRight)?;
                let port = self.ports.get_mut(id).ok_or(KernError::InvalidRight)?;
                if port.rare.as_ref().is_some_and(|rare| rare.for_replies) {
                    return Err(KernError::InvalidCapability);
                }
                port.make_send();
                Ok(Capability::Send(id))
            }
            Disposition::MakeSendOnce => {
                let id = held.receives().ok_or(KernError::InvalidRight)?;
                if !self.may_make_send_once(space) {
                    return Err(KernError::ResourceShortage);
                }
                self.grant_send_once(id);
                Ok(Capability::SendOnce(id))
            }
            Disposition::MoveReceive => self.move_receive(space, name),
            Disposition::CopySend if held == Held::Dead => Ok(Capability::Dead),
            Disposition::CopySend => {
                let port = held.sends().ok_or(KernError::InvalidRight)?;
                self.grant_send(port);
                Ok(Capability::Send(port))
            }
            Disposition::MoveSend | Disposition::MoveSendOnce if held == Held::Dead => {
                self.drop_references(space, name, 1);
                Ok(Capability::Dead)
            }
            Disposition::MoveSend => self.move_send(space, name, held),
            Disposition::MoveSendOnce => match held {
                Held::SendOnce(port) => {
                    self.free_name(space, name);
                    Ok(Capability::SendOnce(port))
                }
                _ => Err(KernError::InvalidRight),
            },
        }
    }

    /// One user reference of a send right goes; the last takes the name along, unless it receives too.
    fn move_send(&mut self, space: SpaceId, name: Name, held: Held) -> Result<Capability, KernError> {
        let port = held.sends().ok_or(KernError::InvalidRight)?;
        let entry = self.look(space, name)?;
        if entry.references > 1 {
            if !entry.is_pegged() {
                entry.references -= 1;
            }
            self.grant_send(port);
        } else if held.receives().is_some() {
            self.receive_only(space, name, port);
        } else {
            self.free_name(space, name);
        }
        Ok(Capability::Send(port))
    }

    /// The receive right goes, with the queue. Send rights stay under the name.
    fn move_receive(&mut self, space: SpaceId, name: Name) -> Result<Capability, KernError> {
        let port = self.receive_right(space, name)?;
        if self.receive_port(space, name)?.rare.as_ref().is_some_and(|rare| rare.immovable) {
            return Err(KernError::InvalidCapability);
        }
        self.lose_receive(space, name);
        self.clear_receiver(port);
        Ok(Capability::Receive(port))
    }

    /// The name has the receive right no more: its send rights stay, or it is freed.
    pub(crate) fn lose_receive(&mut self, space: SpaceId, name: Name) {
        let Ok(entry) = self.look(space, name) else { return };
        match entry.held {
            Held::SendReceive(port) => {
                if let Ok(space) = self.space(space) {
                    space.turn(name, Held::Send(port));
                }
            }
            _ => self.free_name(space, name),
        }
    }

    /// What goes with a receiver: places in sets, counts, guard, and threads that wait.
    pub(crate) fn clear_receiver(&mut self, id: PortId) {
        self.leave_sets(id);
        let Some(port) = self.ports.get_mut(id) else { return };
        let (home, once) = (std::mem::replace(&mut port.home, Home::Transit(None)), port.send_once_rights);
        if let Home::Space(space, _) = home {
            self.count_once(space, |count| count.saturating_sub(once));
        }
        let Some(port) = self.ports.get_mut(id) else { return };
        port.make_send_count = 0;
        port.sequence = 0;
        if let Some(rare) = &mut port.rare {
            (rare.context, rare.guard) = Default::default();
            let receivers = std::mem::take(&mut rare.receivers);
            self.tell_changed(receivers);
        }
    }
}
