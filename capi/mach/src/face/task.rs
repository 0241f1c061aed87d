// SPDX-License-Identifier: MIT OR Apache-2.0
//! mach/task.h: special ports, and who a task is.

use cabotage_c_support::pointers;
use cabotage_c_support::slot::Slot;
use cabotage_mach::{AuditToken, Disposition, Name, SpecialPort};

use super::{call, given};
use crate::code::{Code, INVALID_ARGUMENT, of_kern, of_task};
use crate::task::{self, Of};

/// See mach/task.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn task_get_special_port(task: u32, which: i32, port: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(port) })?;
        let which = special(which)?;
        let name = match task::of(task)? {
            Of::Own(names) => names.special_port(which).map_err(of_kern)?,
            Of::Other(_, port) => task::name_of(port.special_port(which).map_err(of_task)?).0,
        };
        place.store(name.as_raw());
        Ok(())
    })
}

/// See mach/task.h.
#[unsafe(no_mangle)]
pub extern "C" fn task_set_special_port(task: u32, which: i32, port: u32) -> Code {
    call(|| {
        let (which, name) = (special(which)?, Name::from_raw(port));
        match task::of(task)? {
            Of::Own(names) => names.set_special_port(which, (name, Disposition::CopySend)).map_err(of_kern),
            Of::Other(names, other) => {
                let right = task::take(names, name, Disposition::CopySend)?;
                let right = right.into_send().ok_or(INVALID_ARGUMENT)?;
                other.set_special_port(which, right).map_err(of_task)
            }
        }
    })
}

fn special(which: i32) -> Result<SpecialPort, Code> {
    u32::try_from(which).ok().and_then(SpecialPort::from_raw).ok_or(INVALID_ARGUMENT)
}

const SECURITY_TOKEN: i32 = 13;
const AUDIT_TOKEN: i32 = 15;

/// See mach/task.h.
///
/// # Safety
/// `info` leads to as many words as `count` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn task_info(task: u32, flavor: i32, info: *mut u32, count: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let count = given(unsafe { Slot::new(count) })?;
        // SAFETY: the caller's word.
        let room = unsafe { pointers::slice_mut(info, count.load() as usize) }.ok_or(INVALID_ARGUMENT)?;
        let token = match task::of(task)? {
            Of::Own(names) => own_token(names)?,
            Of::Other(_, port) => port.identity().map_err(of_task)?,
        };
        let words = match flavor {
            SECURITY_TOKEN => vec![token.effective_uid(), token.effective_gid()],
            AUDIT_TOKEN => token.0.to_vec(),
            _ => return Err(INVALID_ARGUMENT),
        };
        room.get_mut(..words.len()).ok_or(INVALID_ARGUMENT)?.copy_from_slice(&words);
        count.store(u32::try_from(words.len()).unwrap_or(0));
        Ok(())
    })
}

/// Who the caller is, as its task port says.
fn own_token(names: cabotage_mach::Names) -> Result<AuditToken, Code> {
    let own = names.task_self().map_err(of_kern)?;
    let right = cabotage_mach::SendRight::from_raw(names, own).map_err(of_kern)?;
    cabotage_mach::TaskPort::new(right).identity().map_err(of_task)
}
