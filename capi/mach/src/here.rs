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
    task: OnceLock<Result<Own, Code>>,
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

#[derive(Debug, Clone, Copy)]
struct Own {
    names: Names,
    /// Whether whoever started the program gave it a bootstrap port.
    has_server: bool,
}

/// The names of this process's task.
pub(crate) fn names() -> Result<Names, Code> {
    Ok((*here()?.task.get_or_init(begin))?.names)
}

/// Whether a server of names is behind the bootstrap port.
pub(crate) fn has_server() -> Result<bool, Code> {
    Ok((*here()?.task.get_or_init(begin))?.has_server)
}

fn begin() -> Result<Own, Code> {
    let names = Task::current().map_err(of_kern)?.names();
    let own = Name::from_raw(TASK_SELF);
    names.modify_references(own, Right::Send, FOR_EVER).map_err(of_kern)?;
    let bootstrap = names.special_port(SpecialPort::Bootstrap).map_err(of_kern)?;
    let has_server = bootstrap.is_valid();
    let found = if has_server { bootstrap } else { names.make_idle_port().map_err(of_kern)? };
    let place = Name::from_raw(BOOTSTRAP);
    names.insert_right(found, Disposition::MoveSend, (names, place)).map_err(|_| FAILURE)?;
    names.modify_references(place, Right::Send, FOR_EVER).map_err(of_kern)?;
    if !has_server {
        names.set_special_port(SpecialPort::Bootstrap, (place, Disposition::CopySend)).map_err(of_kern)?;
    }
    Ok(Own { names, has_server })
}
