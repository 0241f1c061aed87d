// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mach's calls on the names of a task, one by one. What each does, and when it answers what, is told at the call of the
//! same name in [`Kernel`](crate::kernel::Kernel).

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::Names;
use crate::code::KernError;
use crate::kernel::calls::{GuardFlags, Notice, Peeked, PortFlags, PortStatus};
use crate::kernel::message::Capability;
use crate::name::Name;
use crate::right::{Disposition, Right, RightTypes, SpecialPort};

/// Calls that take names of one task and give numbers and names.
macro_rules! calls {
    ($($(#[doc = $text:literal])* fn $call:ident($($value:ident: $Type:ty),*) -> $Answer:ty;)*) => {
        impl Names {
            $(
                $(#[doc = $text])*
                ///
                /// # Errors
                #[doc = concat!("Those of the [call of the kernel](crate::kernel::Kernel::", stringify!($call), ").")]
                pub fn $call(self, $($value: $Type),*) -> Result<$Answer, KernError> {
                    self.run(|kernel, space| kernel.$call(space, $($value),*))
                }
            )*
        }
    };
}

calls! {
    /// `mach_port_allocate`
    fn allocate(right: Right) -> Name;
    /// `mach_port_allocate_name`
    fn allocate_name(right: Right, name: Name) -> ();
    /// `mach_port_destroy`
    fn destroy(name: Name) -> ();
    /// `mach_port_destruct`
    fn destruct(name: Name, send_delta: i32, guard: u64) -> ();
    /// `mach_port_deallocate`
    fn deallocate(name: Name) -> ();
    /// `mach_port_get_refs`
    fn references(name: Name, right: Right) -> u32;
    /// `mach_port_mod_refs`
    fn modify_references(name: Name, right: Right, delta: i32) -> ();
    /// `mach_port_type`
    fn type_of(name: Name) -> RightTypes;
    /// `mach_port_names`
    fn names() -> Vec<(Name, RightTypes)>;
    /// `mach_port_construct`
    fn construct(flags: PortFlags, queue_limit: u32, context: u64) -> Name;
    /// `mach_port_get_attributes`, `MACH_PORT_LIMITS_INFO`
    fn limit(name: Name) -> u32;
    /// `mach_port_set_attributes`, `MACH_PORT_LIMITS_INFO`
    fn set_limit(name: Name, limit: u32) -> ();
    /// `mach_port_get_attributes`, `MACH_PORT_RECEIVE_STATUS`
    fn status(name: Name) -> PortStatus;
    /// `mach_port_get_attributes`, `MACH_PORT_DNREQUESTS_SIZE`
    fn dead_name_requests(name: Name) -> usize;
    /// `mach_port_get_srights`
    fn send_rights(name: Name) -> u32;
    /// `mach_port_set_mscount`
    fn set_make_send_count(name: Name, count: u32) -> ();
    /// `mach_port_set_seqno`
    fn set_sequence(name: Name, sequence: u32) -> ();
    /// `mach_port_get_context`
    fn context(name: Name) -> u64;
    /// `mach_port_set_context`
    fn set_context(name: Name, context: u64) -> ();
    /// `mach_port_guard`
    fn guard(name: Name, guard: u64, strict: bool) -> ();
    /// `mach_port_guard_with_flags`
    fn guard_with_flags(name: Name, guard: u64, flags: GuardFlags) -> ();
    /// A receive right goes, guarded or not: for who owns it as a value.
    fn abandon(name: Name) -> ();
    /// `mach_port_unguard`
    fn unguard(name: Name, guard: u64) -> ();
    /// `mach_port_swap_guard`
    fn swap_guard(name: Name, old: u64, new: u64) -> ();
    /// `mach_port_insert_member`
    fn insert_member(member: Name, set: Name) -> ();
    /// `mach_port_extract_member`
    fn extract_member(member: Name, set: Name) -> ();
    /// `mach_port_move_member`
    fn move_member(member: Name, set: Name) -> ();
    /// `mach_port_get_set_status`
    fn set_members(set: Name) -> Vec<Name>;
    /// `fileport_makeport`
    fn make_file_port(file: OwnedFd) -> Name;
    /// A right to a port that stands for nothing, where Mach has one that does.
    fn make_idle_port() -> Name;
    /// `fileport_makefd`
    fn file_of(name: Name) -> Arc<OwnedFd>;
    /// `mach_port_peek`
    fn peek(name: Name, sequence: u32) -> Peeked;
}

impl Names {
    /// Takes, copies or makes a right of this task and gives it to another one of this process, or to this one; answers
    /// its name there: `mach_port_extract_right`.
    ///
    /// # Errors
    /// Those of [`copy_in`](crate::kernel::Kernel::copy_in) and [`copy_out`](crate::kernel::Kernel::copy_out); after the
    /// latter the right is destroyed.
    pub fn transfer(self, name: Name, disposition: Disposition, target: Self) -> Result<Name, KernError> {
        self.run(|kernel, space| {
            let right = kernel.extract_right(space, name, disposition)?;
            kernel.copy_out(target.space, right).map_err(|(error, right)| {
                kernel.destroy_capability(right);
                error
            })
        })
    }

    /// Takes, copies or makes a right of this task, and gives it to a task of this process under a name of the caller's
    /// choice: `mach_port_insert_right`.
    ///
    /// # Errors
    /// Those of [`copy_in`](crate::kernel::Kernel::copy_in) and
    /// [`insert_right`](crate::kernel::Kernel::insert_right); after the latter the right is destroyed.
    pub fn insert_right(
        self,
        name: Name,
        disposition: Disposition,
        (target, target_name): (Self, Name),
    ) -> Result<(), KernError> {
        self.run(|kernel, space| {
            let right = kernel.copy_in(space, name, disposition)?;
            kernel.insert_right(target.space, target_name, right).map_err(|(error, right)| {
                kernel.destroy_capability(right);
                error
            })
        })
    }

    /// Asks to be told once, by a right of this task; [`Name::NULL`] takes back what was asked. Answers the right that
    /// was registered before, or [`Name::NULL`]: `mach_port_request_notification`.
    ///
    /// # Errors
    /// Those of [`copy_in`](crate::kernel::Kernel::copy_in) for the right to be told by, and of
    /// [`request_notification`](crate::kernel::Kernel::request_notification), after which that right is destroyed.
    pub fn request_notification(
        self,
        name: Name,
        (notice, sync): (Notice, u32),
        (notify, disposition): (Name, Disposition),
    ) -> Result<Name, KernError> {
        self.run(|kernel, space| {
            let notify = match notify {
                Name::NULL => Capability::Null,
                notify => kernel.copy_in(space, notify, disposition)?,
            };
            let previous = kernel.request_notification(space, name, notice, sync, notify);
            let named = previous.and_then(|previous| kernel.copy_out(space, previous));
            named.map_err(|(error, right)| {
                kernel.destroy_capability(right);
                error
            })
        })
    }

    /// The name of the right to the port by which the kernel answers for this task, one reference more each time:
    /// `mach_task_self`.
    ///
    /// # Errors
    /// [`KernError::NoSpace`]
    pub fn task_self(self) -> Result<Name, KernError> {
        self.run(|kernel, space| kernel.task_self(space, self.host.token))
    }

    /// The name of a right to a special port of the task, one reference more each time; [`Name::NULL`] if it has none,
    /// [`Name::DEAD`] if the port has died: `task_get_special_port`.
    ///
    /// # Errors
    /// [`KernError::NoSpace`]
    pub fn special_port(self, which: SpecialPort) -> Result<Name, KernError> {
        self.run(|kernel, space| kernel.special_port(space, which, self.host.token))
    }

    /// Another special port for the task, by a right made, copied or moved as `disposition` says; [`Name::NULL`] for none:
    /// `task_set_special_port`.
    ///
    /// # Errors
    /// Those of [`copy_in`](crate::kernel::Kernel::copy_in) and
    /// [`set_special_port`](crate::kernel::Kernel::set_special_port); after the latter the right is destroyed.
    pub fn set_special_port(
        self,
        which: SpecialPort,
        (name, disposition): (Name, Disposition),
    ) -> Result<(), KernError> {
        self.run(|kernel, space| {
            let right = match name {
                Name::NULL => Capability::Null,
                name => kernel.copy_in(space, name, disposition)?,
            };
            kernel.set_special_port(space, which, right).map_err(|(error, right)| {
                kernel.destroy_capability(right);
                error
            })
        })
    }

    /// The task has ended: all its rights are destroyed.
    pub(super) fn end(self) {
        // A task of the parent at a fork is not ours to end.
        let _ = self.run(|kernel, space| Ok(kernel.terminate_space(space)));
    }
}
