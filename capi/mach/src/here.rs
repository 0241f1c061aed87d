// SPDX-License-Identifier: MIT OR Apache-2.0
//! The task that a C program is, with what it has from its start: made at the first call, and anew in a forked child.
//!
//! The names of its self port and its bootstrap port are the same in every process, so `mach_task_self_` and
//! `bootstrap_port` are right from the start, also in a forked child, whose space is a new one.

use std::sync::OnceLock;

use cabotage_c_support::home::Home;
use cabotage_mach::{Disposition, Name, Names, Right, SpecialPort, Task};

use crate::code::{Code, FAILURE, RESOURCE_SHORTAGE, of_kern};
use crate::memory::shared::Objects;
use crate::services::Services;

/// The name of a task's self port: that of the first place of its space.
pub(crate) const TASK_SELF: u32 = 0x103;
/// The name of a task's bootstrap port: beyond those of the rights that its creator may have given it.
pub(crate) const BOOTSTRAP: u32 = 0x6403;
/// So many references stay whatever is taken away, and 65,535 at once nobody takes.
const FOR_EVER: i32 = 65_534;

/// What belongs to this process and not to its forked children.
#[derive(Debug, Default)]
pub(crate) struct Here {
    task: OnceLock<Result<Names, Code>>,
    /// Names that this process registered.
    pub(crate) services: Services,
    /// Memory that it shares.
    pub(crate) objects: Objects,
}

static HERE: Home<Here> = Home::new();

/// What belongs to this process.
pub(crate) fn here() -> Result<&'static Here, Code> {
    HERE.get_or(Here::default).map_err(|_| RESOURCE_SHORTAGE)
}

/// The names of this process's task.
pub(crate) fn names() -> Result<Names, Code> {
    *here()?.task.get_or_init(begin)
}

fn begin() -> Result<Names, Code> {
    let names = Task::current().map_err(of_kern)?.names();
    let own = Name::from_raw(TASK_SELF);
    names.modify_references(own, Right::Send, FOR_EVER).map_err(of_kern)?;
    let bootstrap = names.special_port(SpecialPort::Bootstrap).map_err(of_kern)?;
    let is_given = bootstrap.is_valid();
    let found = if is_given { bootstrap } else { names.make_idle_port().map_err(of_kern)? };
    let place = Name::from_raw(BOOTSTRAP);
    names.insert_right(found, Disposition::MoveSend, (names, place)).map_err(|_| FAILURE)?;
    names.modify_references(place, Right::Send, FOR_EVER).map_err(of_kern)?;
    if !is_given {
        names.set_special_port(SpecialPort::Bootstrap, (place, Disposition::CopySend)).map_err(of_kern)?;
    }
    Ok(names)
}
