// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opening an object that another program made, without trusting that it is one.
//!
//! Never with `O_CREAT`: where the sysctl fs.protected_regular is on, even root is refused another user's object
//! then.

use std::time::Duration;

use cabotage_os::object::{self, Access, Kind};
use cabotage_os::{Deadline, Errno};

use crate::directory::Directory;
use crate::error::ObjectError;
use crate::meeting::appear::{self, Appearing};
use crate::name::Name;
use crate::object::Object;

/// Until when opening waits for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For the name.
    pub(crate) there_by: Deadline,
    /// For a size, which other libraries give an object only after its name.
    pub(crate) sized_by: Deadline,
}

/// Opens the object `name` once it is there and has a size.
pub(crate) fn attach(
    directory: &Directory,
    name: &Name,
    access: Access,
    patience: Patience,
) -> Result<Object, ObjectError> {
    let Patience { there_by, sized_by } = patience;
    let mut pause = PAUSE_MIN;
    let mut appearing = None;
    loop {
        let fd = match directory.calls().open(name.file_name(), access) {
            Ok(fd) => fd,
            Err(refusal) if refusal.errno() == Errno::NOENT && !there_by.has_passed() => {
                // Looked for again when the watch is there, and after each piece of its news.
                match &appearing {
                    None => appearing = Some(Appearing::new(directory)),
                    Some(appearing) => appearing.wait(there_by)?,
                }
                continue;
            }
            Err(refusal) => return Err(directory.explain(refusal, name)),
        };
        let facts = object::facts(&fd, name)?;
        match facts.kind {
            Kind::Regular if facts.bytes > 0 => {
                return Ok(Object::new(fd, name.clone(), directory.clone(), access));
            }
            Kind::Regular if sized_by.has_passed() => {
                return Err(ObjectError::NotYetSized { name: name.clone() });
            }
            Kind::Regular => appear::pause(Deadline::within(pause).or_sooner(sized_by))?,
            kind => return Err(ObjectError::NotAnObject { name: name.clone(), kind }),
        }
        // By name again: the unfinished object may have been replaced meanwhile.
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// A creator needs microseconds between the name and the size, unless it is not scheduled.
const PAUSE_MIN: Duration = Duration::from_micros(50);
const PAUSE_MAX: Duration = Duration::from_millis(10);
