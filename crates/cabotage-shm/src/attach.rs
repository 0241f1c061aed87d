// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opening an object that another program made, without trusting that it is one.
//!
//! Never with `O_CREAT`: where the sysctl fs.protected_regular is on, even root is refused another user's object
//! then.

use std::time::Duration;

use cabotage_os::object::{self, Access, Kind};
use cabotage_os::{Deadline, SystemError, poll};

use crate::directory::Directory;
use crate::error::ObjectError;
use crate::name::Name;
use crate::object::Object;

/// Opens the object `name` once it has a size, which other libraries give it only after its name.
pub(crate) fn attach(
    directory: &Directory,
    name: &Name,
    access: Access,
    sized_by: Deadline,
) -> Result<Object, ObjectError> {
    let mut pause = PAUSE_MIN;
    loop {
        let fd = directory.calls().open(name.file_name(), access);
        let fd = fd.map_err(|refusal| directory.explain(refusal, name))?;
        let facts = object::facts(&fd, name)?;
        match facts.kind {
            Kind::Regular if facts.bytes > 0 => {
                return Ok(Object::new(fd, name.clone(), directory.clone(), access));
            }
            Kind::Regular if sized_by.has_passed() => {
                return Err(ObjectError::NotYetSized { name: name.clone() });
            }
            Kind::Regular => sleep(Deadline::within(pause).or_sooner(sized_by))?,
            kind => return Err(ObjectError::NotAnObject { name: name.clone(), kind }),
        }
        // By name again: the unfinished object may have been replaced meanwhile.
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// A creator needs microseconds between the name and the size, unless it is not scheduled.
const PAUSE_MIN: Duration = Duration::from_micros(50);
const PAUSE_MAX: Duration = Duration::from_millis(10);

fn sleep(until: Deadline) -> Result<(), SystemError> {
    poll::wait([], until).map(|[]| ())
}
