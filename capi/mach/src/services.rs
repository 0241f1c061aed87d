// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of services, with launchd's codes, over the directory of names: there a name is a listening socket, so nothing
//! has to run for it.
//!
//! # Source
//! launchd, servers/bootstrap.h; liblaunch, libbootstrap.c.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cabotage_mach::bootstrap::CheckIn;
use cabotage_mach::{BootstrapError, Disposition, Name, Names, ReceiveRight, Right};

use crate::code::{Code, SEND_INVALID_DEST, SUCCESS, of_kern};
use crate::here::{here, names};

pub(crate) const NOT_PRIVILEGED: Code = 1100;
pub(crate) const NAME_IN_USE: Code = 1101;
pub(crate) const UNKNOWN_SERVICE: Code = 1102;
const SERVICE_ACTIVE: Code = 1103;

/// `BOOTSTRAP_STATUS_INACTIVE`, `BOOTSTRAP_STATUS_ACTIVE`
const INACTIVE: i32 = 0;
const ACTIVE: i32 = 1;

/// Names that this process has given.
#[derive(Debug, Default)]
pub(crate) struct Services {
    given: Mutex<HashMap<String, Service>>,
}

#[derive(Debug, Clone, Copy)]
struct Service {
    port: Name,
    /// Whether its receiver has still to check in.
    is_waiting: bool,
}

type Given = HashMap<String, Service>;

fn given() -> Result<MutexGuard<'static, Given>, Code> {
    Ok(here()?.services.given.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The names of the caller, who has said where it asks.
fn asked(bootstrap: u32) -> Result<Names, Code> {
    let names = names()?;
    let types = names.type_of(Name::from_raw(bootstrap)).map_err(|_| SEND_INVALID_DEST)?;
    if types.has(Right::Send) { Ok(names) } else { Err(SEND_INVALID_DEST) }
}

/// A name for a port, of which the caller must be the receiver.
pub(crate) fn register(bootstrap: u32, service: &str, port: Name) -> Result<(), Code> {
    let names = asked(bootstrap)?;
    if port == Name::NULL {
        return unregister(names, service);
    }
    if !names.type_of(port).map_err(of_kern)?.has(Right::Receive) {
        return Err(NOT_PRIVILEGED);
    }
    let mut given = given()?;
    if own(names, &mut given, service).is_some() {
        return Err(NAME_IN_USE);
    }
    publish(names, service, port).map_err(|error| match error.code() {
        SERVICE_ACTIVE => NAME_IN_USE,
        code => code,
    })?;
    given.insert(service.to_owned(), Service { port, is_waiting: false });
    Ok(())
}

fn unregister(names: Names, service: &str) -> Result<(), Code> {
    let mut given = given()?;
    let Service { port, is_waiting } = own(names, &mut given, service).ok_or(NOT_PRIVILEGED)?;
    given.remove(service);
    names.unpublish(port).map_err(|_| NOT_PRIVILEGED)?;
    if is_waiting {
        let _ = names.modify_references(port, Right::Receive, -1);
    }
    Ok(())
}

/// The receive right of a name: one that waits here for its receiver, or a new one.
pub(crate) fn check_in(bootstrap: u32, service: &str) -> Result<Name, Code> {
    let names = asked(bootstrap)?;
    let mut given = given()?;
    match own(names, &mut given, service) {
        Some(Service { port, is_waiting: true }) => {
            given.insert(service.to_owned(), Service { port, is_waiting: false });
            Ok(port)
        }
        Some(_) => Err(SERVICE_ACTIVE),
        None => {
            let port = fresh(names, service)?;
            given.insert(service.to_owned(), Service { port, is_waiting: false });
            Ok(port)
        }
    }
}

/// A name whose receiver is not there yet; a send right to it.
pub(crate) fn create(bootstrap: u32, service: &str) -> Result<Name, Code> {
    let names = asked(bootstrap)?;
    let mut given = given()?;
    if own(names, &mut given, service).is_some() {
        return Err(NAME_IN_USE);
    }
    let port =
        fresh(names, service).map_err(|code| if code == SERVICE_ACTIVE { NAME_IN_USE } else { code })?;
    given.insert(service.to_owned(), Service { port, is_waiting: true });
    names.transfer(port, Disposition::MakeSend, names).map_err(of_kern)
}

/// A send right to whoever has the name.
pub(crate) fn look_up(bootstrap: u32, service: &str) -> Result<Name, Code> {
    let names = asked(bootstrap)?;
    if let Some(Service { port, .. }) = own(names, &mut *given()?, service) {
        return names.transfer(port, Disposition::MakeSend, names).map_err(of_kern);
    }
    cabotage_mach::look_up(service).map(|right| right.into_raw()).map_err(|error| error.code())
}

/// Whether somebody receives under the name.
pub(crate) fn status(bootstrap: u32, service: &str) -> Result<i32, Code> {
    let names = asked(bootstrap)?;
    if let Some(Service { is_waiting, .. }) = own(names, &mut *given()?, service) {
        return Ok(if is_waiting { INACTIVE } else { ACTIVE });
    }
    cabotage_mach::look_up(service).map(|_| ACTIVE).map_err(|error| error.code())
}

/// What this process has given under the name, if its port is still here.
fn own(names: Names, given: &mut Given, service: &str) -> Option<Service> {
    let found = *given.get(service)?;
    let is_here = names.type_of(found.port).is_ok_and(|types| types.has(Right::Receive));
    if !is_here {
        given.remove(service);
    }
    is_here.then_some(found)
}

fn fresh(names: Names, service: &str) -> Result<Name, Code> {
    let port = names.allocate(Right::Receive).map_err(of_kern)?;
    publish(names, service, port).map_err(|error| {
        let _ = names.modify_references(port, Right::Receive, -1);
        error.code()
    })?;
    Ok(port)
}

fn publish(names: Names, service: &str, port: Name) -> Result<(), BootstrapError> {
    let right = ReceiveRight::from_raw(names, port).map_err(cabotage_mach::OutsideError::from)?;
    let published = CheckIn::new().publish(service, &right);
    // The reference is the program's, as before.
    let _ = right.into_raw();
    published
}

/// What a code of these calls means.
pub(crate) fn word(code: Code) -> Option<&'static std::ffi::CStr> {
    Some(match code {
        SUCCESS => c"success",
        NOT_PRIVILEGED => c"the name belongs to somebody else",
        NAME_IN_USE => c"the name is in use",
        UNKNOWN_SERVICE => c"nobody has the name",
        SERVICE_ACTIVE => c"the service has checked in already",
        1104 => c"a wrong count",
        1105 => c"no memory, or no name left",
        1106 => c"no service may be started",
        _ => return None,
    })
}
