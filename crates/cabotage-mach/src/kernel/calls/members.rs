// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which ports are in which sets.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_insert_member`, `mach_port_extract_member`, `mach_port_move_member`,
//! `mach_port_get_set_status`; osfmk/ipc/ipc_pset.c.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SetId, SpaceId};
use crate::name::Name;

impl Kernel {
    /// Puts a port into a set; it stays in those in which it is: `mach_port_insert_member`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] if these are not a receive
    /// right and a set; [`KernError::AlreadyInSet`].
    pub fn insert_member(&mut self, space: SpaceId, member: Name, set: Name) -> Result<(), KernError> {
        let (port, set) = self.member_and_set(space, member, set)?;
        if self.is_member(port, set) {
            return Err(KernError::AlreadyInSet);
        }
        self.join(port, set);
        Ok(())
    }

    /// Takes a port out of a set: `mach_port_extract_member`.
    ///
    /// # Errors
    /// As [`Kernel::insert_member`], but [`KernError::NotInSet`].
    pub fn extract_member(&mut self, space: SpaceId, member: Name, set: Name) -> Result<(), KernError> {
        let (port, set) = self.member_and_set(space, member, set)?;
        if !self.is_member(port, set) {
            return Err(KernError::NotInSet);
        }
        self.leave_set(port, set);
        Ok(())
    }

    /// Takes a port out of all sets and puts it into one, or into none if that is [`Name::NULL`]:
    /// `mach_port_move_member`.
    ///
    /// # Errors
    /// As [`Kernel::insert_member`], but [`KernError::NotInSet`] if the port is in none and was to be put into none.
    pub fn move_member(&mut self, space: SpaceId, member: Name, set: Name) -> Result<(), KernError> {
        if set != Name::NULL {
            let (port, set) = self.member_and_set(space, member, set)?;
            self.leave_sets(port);
            self.join(port, set);
            return Ok(());
        }
        self.refuse_no_name(space, member)?;
        let port = self.receive_right(space, member)?;
        if self.ports.get(port).is_none_or(|port| port.sets.is_empty()) {
            return Err(KernError::NotInSet);
        }
        self.leave_sets(port);
        Ok(())
    }

    /// The names of the ports in a set, ascending: `mach_port_get_set_status`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`], [`KernError::InvalidRight`].
    pub fn set_members(&mut self, space: SpaceId, set: Name) -> Result<Vec<Name>, KernError> {
        self.refuse_no_name(space, set)?;
        let set = self.set_right(space, set)?;
        let name_of = |port: &PortId| self.ports.get(*port)?.receiver_name(space);
        let members = self.sets.get(set).into_iter().flat_map(|set| &set.members);
        let mut names: Vec<Name> = members.filter_map(name_of).collect();
        names.sort_unstable();
        Ok(names)
    }

    fn member_and_set(
        &mut self,
        space: SpaceId,
        member: Name,
        set: Name,
    ) -> Result<(PortId, SetId), KernError> {
        self.refuse_no_name(space, member)?;
        self.refuse_no_name(space, set)?;
        Ok((self.receive_right(space, member)?, self.set_right(space, set)?))
    }

    /// Where a right is needed, [`Name::NULL`] and [`Name::DEAD`] are rights of the wrong kind.
    pub(crate) fn refuse_no_name(&mut self, space: SpaceId, name: Name) -> Result<(), KernError> {
        self.space(space)?;
        if name.is_valid() { Ok(()) } else { Err(KernError::InvalidRight) }
    }

    fn is_member(&self, port: PortId, set: SetId) -> bool {
        self.ports.get(port).is_some_and(|port| port.sets.contains(&set))
    }

    /// What the port has queued can be received from the set at once.
    fn join(&mut self, id: PortId, set_id: SetId) {
        let (Some(port), Some(set)) = (self.ports.get_mut(id), self.sets.get_mut(set_id)) else { return };
        port.sets.push(set_id);
        set.members.insert(id);
        self.list_in_set(id, set_id);
    }

    fn leave_set(&mut self, id: PortId, set_id: SetId) {
        if let Some(port) = self.ports.get_mut(id) {
            port.sets.retain(|set| *set != set_id);
        }
        self.strike(id, set_id);
    }

    pub(crate) fn leave_sets(&mut self, id: PortId) {
        let sets = self.ports.get_mut(id).map(|port| std::mem::take(&mut port.sets)).unwrap_or_default();
        for set in sets {
            self.strike(id, set);
        }
    }

    fn strike(&mut self, id: PortId, set: SetId) {
        if let Some(set) = self.sets.get_mut(set) {
            set.members.remove(&id);
        }
        self.unlist_in_set(id, set);
    }

    /// A set goes: its members are in it no more, and whoever waits on it looks again.
    pub(crate) fn destroy_set(&mut self, id: SetId) {
        let Some(set) = self.sets.remove(id) else { return };
        for port in set.members {
            self.leave_set(port, id);
        }
        self.tell_changed(set.receivers);
    }
}
