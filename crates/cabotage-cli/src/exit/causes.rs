// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an error of the library means in std's words, from which the exit code follows.
//!
//! The library's enums pass a refusal of the system on as their own (`transparent`), so it does not show among
//! the causes: each enum is looked into here.

mod channels;
mod links;
mod mach;
mod pipes;
mod ports;

use std::error::Error;
use std::io::{self, ErrorKind};

use cabotage::gc;
use cabotage::os::SystemError;
use cabotage::pipe::fifo::{CreateError, OpenError, PlaceError, RemoveError};
use cabotage::shm::ObjectError;

/// The kind of this error itself, if it tells one.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Some(error.kind());
    }
    None.or_else(|| error.downcast_ref().map(SystemError::kind))
        .or_else(|| error.downcast_ref().and_then(of_object))
        .or_else(|| error.downcast_ref().and_then(of_place))
        .or_else(|| error.downcast_ref().and_then(of_creation))
        .or_else(|| error.downcast_ref().and_then(of_opening))
        .or_else(|| error.downcast_ref().and_then(of_removal))
        .or_else(|| error.downcast_ref().and_then(of_sweeping))
        .or_else(|| links::kind_of(error))
        .or_else(|| channels::kind_of(error))
        .or_else(|| pipes::kind_of(error))
        .or_else(|| ports::kind_of(error))
        .or_else(|| mach::kind_of(error))
}

fn of_object(error: &ObjectError) -> Option<ErrorKind> {
    match error {
        ObjectError::Missing { .. } => Some(ErrorKind::NotFound),
        ObjectError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_place(error: &PlaceError) -> Option<ErrorKind> {
    match error {
        PlaceError::System(refusal) => Some(refusal.kind()),
        PlaceError::Name { .. } => None,
    }
}

fn of_creation(error: &CreateError) -> Option<ErrorKind> {
    match error {
        CreateError::Place(error) => of_place(error),
        CreateError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_opening(error: &OpenError) -> Option<ErrorKind> {
    match error {
        OpenError::Missing { .. } => Some(ErrorKind::NotFound),
        OpenError::TimedOut { .. } => Some(ErrorKind::TimedOut),
        OpenError::Place(error) => of_place(error),
        OpenError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_removal(error: &RemoveError) -> Option<ErrorKind> {
    match error {
        RemoveError::Gone { .. } => Some(ErrorKind::NotFound),
        RemoveError::Place(error) => of_place(error),
        RemoveError::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

fn of_sweeping(error: &gc::Error) -> Option<ErrorKind> {
    match error {
        gc::Error::Place(error) => links::kind_of(error),
        gc::Error::Name(error) => links::kind_of(error),
        gc::Error::Pipe(error) => Some(error.kind()),
        gc::Error::Object(error) => of_object(error),
        gc::Error::System(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cabotage::os::Errno;
    use cabotage::shm::Name;

    use super::*;

    #[test]
    fn a_refusal_shows_through_the_enums_that_pass_it_on() {
        let refusal = || SystemError::new("openat", "x", Errno::ACCESS);
        let errors: [Box<dyn Error>; 5] = [
            Box::new(gc::Error::from(ObjectError::System(refusal()))),
            Box::new(ObjectError::System(refusal())),
            Box::new(OpenError::Place(PlaceError::System(refusal()))),
            Box::new(CreateError::System(refusal())),
            Box::new(RemoveError::System(refusal())),
        ];
        for error in errors {
            assert_eq!(kind_of(&*error), Some(ErrorKind::PermissionDenied), "{error}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let name = Name::parse("/x").unwrap();
        assert_eq!(kind_of(&ObjectError::Missing { name }), Some(ErrorKind::NotFound));
        assert_eq!(kind_of(&RemoveError::Gone { path: "x".into() }), Some(ErrorKind::NotFound));
    }
}
