// SPDX-License-Identifier: MIT OR Apache-2.0
//! Doing what a message asks of a task.

use super::call::{TaskCall, bytes, status_words};
use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::{Capability, Cargo};
use crate::name::Name;
use crate::right::{Disposition, SpecialPort};

/// What an answer holds: words behind the code, and a right perhaps.
type Answer = (Vec<u32>, Vec<Cargo>);

impl Kernel {
    /// Does what a message of this number asks; gives the body of the answer and what it carries.
    pub(super) fn do_for(
        &mut self,
        space: SpaceId,
        id: i32,
        body: &[u8],
        mut cargo: Vec<Cargo>,
        may_act: bool,
    ) -> (Vec<u8>, Vec<Cargo>) {
        let call = TaskCall::parse(id, body).filter(|call| may_act || *call == TaskCall::Identity);
        let done = match (call, cargo.pop()) {
            (Some(TaskCall::InsertRight(name)), Some(Cargo::Port(right, _))) if cargo.is_empty() => {
                self.insert_for(space, name, right)
            }
            (Some(TaskCall::SetSpecialPort(which)), Some(Cargo::Port(right, _))) if cargo.is_empty() => {
                self.set_special_for(space, which, right)
            }
            (Some(call), None) => self.call_for(space, call),
            (_, last) => {
                cargo.extend(last);
                self.doom_cargo(cargo);
                self.reap();
                Err(KernError::InvalidArgument)
            }
        };
        match done {
            Ok((words, cargo)) => (bytes([0].into_iter().chain(words)), cargo),
            Err(error) => (error.code().to_ne_bytes().to_vec(), Vec::new()),
        }
    }

    fn call_for(&mut self, space: SpaceId, call: TaskCall) -> Result<Answer, KernError> {
        let words = match call {
            TaskCall::Identity => {
                let task_self = self.space(space)?.task_self.as_ref();
                task_self.ok_or(KernError::InvalidTask)?.token.0.to_vec()
            }
            TaskCall::Names => {
                let names = self.names(space)?;
                names.into_iter().flat_map(|(name, types)| [name.as_raw(), types.as_raw()]).collect()
            }
            TaskCall::Type(name) => vec![self.type_of(space, name)?.as_raw()],
            TaskCall::Allocate(right) => vec![self.allocate(space, right)?.as_raw()],
            TaskCall::Deallocate(name) => {
                self.deallocate(space, name)?;
                Vec::new()
            }
            TaskCall::ModifyReferences(name, right, delta) => {
                self.modify_references(space, name, right, delta)?;
                Vec::new()
            }
            TaskCall::Status(name) => status_words(self.status(space, name)?).to_vec(),
            TaskCall::ExtractRight(name, disposition) => {
                let right = self.extract_right(space, name, disposition)?;
                return Ok((Vec::new(), vec![Cargo::Port(right, disposition.received())]));
            }
            TaskCall::SpecialPort(which) => {
                let token = self.space(space)?.task_self.as_ref().ok_or(KernError::InvalidTask)?.token;
                let right = self.special_right(space, which, token)?;
                return Ok((Vec::new(), vec![Cargo::Port(right, Disposition::MoveSend)]));
            }
            TaskCall::InsertRight(_) | TaskCall::SetSpecialPort(_) => return Err(KernError::InvalidArgument),
        };
        Ok((words, Vec::new()))
    }

    fn insert_for(&mut self, space: SpaceId, name: Name, right: Capability) -> Result<Answer, KernError> {
        let inserted = match (name, right) {
            (_, right @ (Capability::Null | Capability::Dead)) => Err((KernError::InvalidCapability, right)),
            (Name::NULL, right) => self.copy_out(space, right),
            (name, right) => self.insert_right(space, name, right).map(|()| name),
        };
        let name = inserted.map_err(|(error, right)| {
            self.destroy_capability(right);
            error
        })?;
        Ok((vec![name.as_raw()], Vec::new()))
    }

    fn set_special_for(
        &mut self,
        space: SpaceId,
        which: SpecialPort,
        right: Capability,
    ) -> Result<Answer, KernError> {
        let set = self.set_special_port(space, which, right);
        set.map_err(|(error, right)| {
            self.destroy_capability(right);
            error
        })?;
        Ok((Vec::new(), Vec::new()))
    }
}
