// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many user references a name has, and changing that.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_right.c: `ipc_right_delta`, `ipc_right_info`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::space::{Entry, Held, REFERENCES_MAX};
use crate::name::Name;
use crate::right::{Right, RightTypes};

/// What a change of the count comes to.
enum Change {
    /// All go.
    Gone,
    /// As many are left.
    Left(u16),
}

impl Kernel {
    /// How many user references the name has as `right`; 0 if it is none: `mach_port_get_refs`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`].
    pub fn references(&mut self, space: SpaceId, name: Name, right: Right) -> Result<u32, KernError> {
        self.space(space)?;
        if !name.is_valid() {
            let counts = matches!(right, Right::Send | Right::SendOnce);
            return if counts { Ok(1) } else { Err(KernError::InvalidName) };
        }
        let entry = self.look(space, name)?;
        Ok(match right {
            Right::Send | Right::DeadName if entry.types().has(right) => entry.references.into(),
            _ => entry.types().has(right).into(),
        })
    }

    /// What the name stands for: `mach_port_type`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`]; [`KernError::InvalidName`], also for [`Name::NULL`].
    pub fn type_of(&mut self, space: SpaceId, name: Name) -> Result<RightTypes, KernError> {
        self.space(space)?;
        if name == Name::DEAD {
            return Ok(RightTypes::of(Right::DeadName));
        }
        self.look(space, name).map(|entry| entry.types())
    }

    /// Every name and what it stands for, in no order: `mach_port_names`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`].
    pub fn names(&mut self, space: SpaceId) -> Result<Vec<(Name, RightTypes)>, KernError> {
        let names: Vec<Name> = self.space(space)?.names().map(|(name, _)| name).collect();
        names.into_iter().map(|name| Ok((name, self.look(space, name)?.types()))).collect()
    }

    /// Adds `delta` user references of `right`, or takes them away; at 0 the right goes: `mach_port_mod_refs`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] if the name is not of that kind,
    /// or is the receive right of a guarded port; [`KernError::InvalidValue`] if there are not as many, or the right
    /// has no count and `delta` is neither 0 nor -1.
    pub fn modify_references(
        &mut self,
        space: SpaceId,
        name: Name,
        right: Right,
        delta: i32,
    ) -> Result<(), KernError> {
        self.space(space)?;
        if !name.is_valid() {
            let has_none = matches!(right, Right::Send | Right::SendOnce);
            return if has_none { Ok(()) } else { Err(KernError::InvalidName) };
        }
        let entry = self.look(space, name)?;
        if !entry.types().has(right) {
            return Err(KernError::InvalidRight);
        }
        match right {
            Right::Send | Right::DeadName => {
                let change = entry.change(delta)?;
                self.apply(space, name, change);
            }
            Right::Receive | Right::SendOnce | Right::PortSet => match (delta, entry.held) {
                (0, _) => {}
                (-1, Held::Receive(port) | Held::SendReceive(port)) => self.destroy_receive(port)?,
                (-1, _) => self.destroy_name(space, name),
                _ => return Err(KernError::InvalidValue),
            },
        }
        Ok(())
    }

    fn destroy_receive(&mut self, port: PortId) -> Result<(), KernError> {
        if self.is_guarded(port) {
            return Err(KernError::InvalidRight);
        }
        self.kill_port(port);
        Ok(())
    }

    /// Drops `count` send references and the receive right in one step: `mach_port_destruct`. `guard` is looked at only
    /// if the port is guarded.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] if it is no receive right;
    /// [`KernError::InvalidValue`] if there are not as many send references; [`KernError::InvalidArgument`] for the wrong
    /// guard.
    pub fn destruct(&mut self, space: SpaceId, name: Name, delta: i32, guard: u64) -> Result<(), KernError> {
        let port = self.receive_right(space, name)?;
        if delta > 0 {
            return Err(KernError::InvalidValue);
        }
        if self.is_guarded(port) && self.context_of(port) != guard {
            return Err(KernError::InvalidArgument);
        }
        let entry = self.look(space, name)?;
        match entry.held {
            Held::SendReceive(_) => {
                let change = entry.change(delta)?;
                self.apply(space, name, change);
            }
            _ if delta < 0 => return Err(KernError::InvalidValue),
            _ => {}
        }
        self.kill_port(port);
        Ok(())
    }

    fn apply(&mut self, space: SpaceId, name: Name, change: Change) {
        match (change, self.look(space, name)) {
            (Change::Left(count), Ok(entry)) => entry.references = count,
            (Change::Gone, Ok(_)) => self.drop_all_references(space, name),
            (_, Err(_)) => {}
        }
    }
}

impl Entry {
    /// What becomes of the count. One that is counted no more only changes when all references are taken at once.
    fn change(&self, delta: i32) -> Result<Change, KernError> {
        let sum = i64::from(self.references) + i64::from(delta);
        if self.is_pegged() && sum != 0 {
            return Ok(Change::Left(REFERENCES_MAX));
        }
        match sum {
            ..0 => Err(KernError::InvalidValue),
            0 => Ok(Change::Gone),
            _ => Ok(Change::Left(u16::try_from(sum).unwrap_or(REFERENCES_MAX))),
        }
    }

    pub(crate) fn types(&self) -> RightTypes {
        let types = match self.held {
            Held::Send(_) => RightTypes::of(Right::Send),
            Held::Receive(_) => RightTypes::of(Right::Receive),
            Held::SendReceive(_) => RightTypes::of(Right::Send).and(RightTypes::of(Right::Receive)),
            Held::SendOnce(_) => RightTypes::of(Right::SendOnce),
            Held::Set(_) => RightTypes::of(Right::PortSet),
            Held::Dead => RightTypes::of(Right::DeadName),
        };
        if self.request.is_some() { types.and(RightTypes::DEAD_NAME_REQUEST) } else { types }
    }
}
