// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of services, with launchd's codes: those of a server of names, if whoever started the program gave it one as its
//! bootstrap port, or the caller has a right to one; else those of the directory, where a name is a listening socket, so
//! that nothing has to run for it.
//!
//! # Source
//! launchd, servers/bootstrap.h; liblaunch, libbootstrap.c.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cabotage_mach::bootstrap::{Bootstrap, CheckIn, LookUp, Status};
use cabotage_mach::{BootstrapError, Disposition, Name, Names, OutsideError, ReceiveRight, Right, SendRight};

use crate::code::{Code, INVALID_RIGHT, SEND_INVALID_DEST, SUCCESS, of_kern};
use crate::here::{BOOTSTRAP, has_server, here, names};
use crate::task;

pub(crate) const NOT_PRIVILEGED: Code = 1100;
pub(crate) const NAME_IN_USE: Code = 1101;
pub(crate) const UNKNOWN_SERVICE: Code = 1102;
const SERVICE_ACTIVE: Code = 1103;

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

/// Whom the caller asks.
struct Asked {
    names: Names,
    /// The server of names that the right leads to; none, if there is but the directory.
    server: Option<Bootstrap>,
}

fn asked(bootstrap: u32) -> Result<Asked, Code> {
    let names = names()?;
    if bootstrap == BOOTSTRAP && !has_server()? {
        return Ok(Asked { names, server: None });
    }
    let server = send_right(names, Name::from_raw(bootstrap)).map_err(|_| SEND_INVALID_DEST)?;
    Ok(Asked { names, server: Some(server.into()) })
}

/// A send right like that of the caller, or made by it.
fn send_right(names: Names, name: Name) -> Result<SendRight, Code> {
    let types = names.type_of(name).map_err(of_kern)?;
    let how = if types.has(Right::Send) { Disposition::CopySend } else { Disposition::MakeSend };
    task::take(names, name, how)?.into_send().ok_or(INVALID_RIGHT)
}

/// A server that is to be found by its own name, for what the directory cannot do.
fn found() -> Result<Bootstrap, Code> {
    Bootstrap::find(LookUp::new()).map_err(|_| NOT_PRIVILEGED)
}

/// A name that is in use is that, whoever says it.
fn in_use(error: &BootstrapError) -> Code {
    match error.code() {
        SERVICE_ACTIVE => NAME_IN_USE,
        code => code,
    }
}

/// A name for a port. In the directory only its receiver gives it one.
pub(crate) fn register(bootstrap: u32, service: &str, port: Name) -> Result<(), Code> {
    let Asked { names, server } = asked(bootstrap)?;
    match server {
        Some(server) if port == Name::NULL => server.unregister(service).map_err(|error| error.code()),
        Some(server) => server.register(service, send_right(names, port)?).map_err(|error| in_use(&error)),
        None if port == Name::NULL => unregister(names, service),
        None if !names.type_of(port).map_err(of_kern)?.has(Right::Receive) => {
            found()?.register(service, send_right(names, port)?).map_err(|error| in_use(&error))
        }
        None => {
            let mut given = given()?;
            if own(names, &mut given, service).is_some() {
                return Err(NAME_IN_USE);
            }
            publish(names, service, port).map_err(|error| in_use(&error))?;
            given.insert(service.to_owned(), Service { port, is_waiting: false });
            Ok(())
        }
    }
}

fn unregister(names: Names, service: &str) -> Result<(), Code> {
    let mut given = given()?;
    let Some(Service { port, is_waiting }) = own(names, &mut given, service) else {
        return found()?.unregister(service).map_err(|_| NOT_PRIVILEGED);
    };
    given.remove(service);
    names.unpublish(port).map_err(|_| NOT_PRIVILEGED)?;
    if is_waiting {
        let _ = names.modify_references(port, Right::Receive, -1);
    }
    Ok(())
}

/// The receive right of a name: one that waits for its receiver, or a new one.
pub(crate) fn check_in(bootstrap: u32, service: &str) -> Result<Name, Code> {
    let Asked { names, server } = asked(bootstrap)?;
    if let Some(server) = server {
        return server.check_in(service).map(|port| port.into_raw()).map_err(|error| error.code());
    }
    let mut given = given()?;
    let port = match own(names, &mut given, service) {
        Some(Service { is_waiting: false, .. }) => return Err(SERVICE_ACTIVE),
        Some(Service { port, .. }) => port,
        None => fresh(names, service).map_err(|error| error.code())?,
    };
    given.insert(service.to_owned(), Service { port, is_waiting: false });
    Ok(port)
}

/// A name whose receiver is not there yet; a send right to it.
pub(crate) fn create(bootstrap: u32, service: &str) -> Result<Name, Code> {
    let Asked { names, server } = asked(bootstrap)?;
    if let Some(server) = server {
        return server.create_service(service).map(|port| port.into_raw()).map_err(|error| in_use(&error));
    }
    let mut given = given()?;
    if own(names, &mut given, service).is_some() {
        return Err(NAME_IN_USE);
    }
    let port = fresh(names, service).map_err(|error| in_use(&error))?;
    given.insert(service.to_owned(), Service { port, is_waiting: true });
    names.transfer(port, Disposition::MakeSend, names).map_err(of_kern)
}

/// A send right to whoever has the name: in the directory, else at a server.
pub(crate) fn look_up(bootstrap: u32, service: &str) -> Result<Name, Code> {
    let Asked { names, server } = asked(bootstrap)?;
    if let Some(server) = server {
        return server.look_up(service).map(|right| right.into_raw()).map_err(|error| error.code());
    }
    if let Some(Service { port, .. }) = own(names, &mut *given()?, service) {
        return names.transfer(port, Disposition::MakeSend, names).map_err(of_kern);
    }
    let found = or_at_server(cabotage_mach::look_up(service), |server| server.look_up(service));
    found.map(|right| right.into_raw()).map_err(|error| error.code())
}

/// Whether somebody receives under the name.
pub(crate) fn status(bootstrap: u32, service: &str) -> Result<i32, Code> {
    let Asked { names, server } = asked(bootstrap)?;
    if let Some(server) = server {
        return server.status(service).map(number_of).map_err(|error| error.code());
    }
    if let Some(Service { is_waiting, .. }) = own(names, &mut *given()?, service) {
        return Ok(number_of(if is_waiting { Status::Inactive } else { Status::Active }));
    }
    let here = cabotage_mach::look_up(service).map(|_| Status::Active);
    or_at_server(here, |server| server.status(service)).map(number_of).map_err(|error| error.code())
}

/// What a server says about a name that the directory does not have.
fn or_at_server<T>(
    found_here: Result<T, BootstrapError>,
    ask: impl FnOnce(&Bootstrap) -> Result<T, BootstrapError>,
) -> Result<T, BootstrapError> {
    match found_here {
        Err(error) if error.code() == UNKNOWN_SERVICE => found().map_or(Err(error), |server| ask(&server)),
        answer => answer,
    }
}

/// Names of one's own, above those of `bootstrap`; and those below.
pub(crate) fn subset(bootstrap: u32, requestor: Name) -> Result<Name, Code> {
    let Asked { names, server } = asked(bootstrap)?;
    let server = server.map_or_else(found, Ok)?;
    let requestor = send_right(names, requestor)?;
    server.subset(&requestor).map(|subset| subset.into_right().into_raw()).map_err(|error| error.code())
}

/// The names around those of `bootstrap`.
pub(crate) fn parent(bootstrap: u32) -> Result<Name, Code> {
    let server = asked(bootstrap)?.server.map_or_else(found, Ok)?;
    server.parent().map(|parent| parent.into_right().into_raw()).map_err(|error| error.code())
}

fn number_of(status: Status) -> i32 {
    (status as u32).cast_signed()
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

fn fresh(names: Names, service: &str) -> Result<Name, BootstrapError> {
    let port = names.allocate(Right::Receive).map_err(OutsideError::from)?;
    publish(names, service, port).inspect_err(|_| {
        let _ = names.modify_references(port, Right::Receive, -1);
    })?;
    Ok(port)
}

fn publish(names: Names, service: &str, port: Name) -> Result<(), BootstrapError> {
    let right = ReceiveRight::from_raw(names, port).map_err(OutsideError::from)?;
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
