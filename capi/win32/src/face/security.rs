// SPDX-License-Identifier: MIT OR Apache-2.0
//! Security attributes and descriptors.

use cabotage_c_support::pointers;

use super::border::{boolean, store};
use crate::failure::{Answer, Failure};
use crate::security::{Descriptor, REVISION, Who};

/// `SECURITY_ATTRIBUTES`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SecurityAttributes {
    length: u32,
    descriptor: *const Descriptor,
    inherit: i32,
}

/// What a caller says of who may connect, and of inheritance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) who: Who,
    pub(super) inherit: bool,
}

/// What attributes at `from` say; null says the usual.
///
/// # Errors
/// As [`Descriptor::who`]; `ERROR_INVALID_PARAMETER` where none can be.
///
/// # Safety
/// As [`pointers::read`], also for the descriptor that they point to.
pub(super) unsafe fn wanted(from: *const SecurityAttributes) -> Answer<Wanted> {
    if from.is_null() {
        return Ok(Wanted { who: Who::OwnUser, inherit: false });
    }
    // SAFETY: as the caller of this promises.
    let attributes = unsafe { pointers::read(from) }.ok_or(Failure::INVALID_PARAMETER)?;
    let who = match attributes.descriptor.is_null() {
        true => Who::OwnUser,
        false => {
            // SAFETY: as the caller of this promises.
            let descriptor = unsafe { pointers::read(attributes.descriptor) };
            descriptor.ok_or(Failure::INVALID_PARAMETER)?.who()?
        }
    };
    Ok(Wanted { who, inherit: attributes.inherit != 0 })
}

/// Makes a descriptor that says nothing yet.
///
/// # Safety
/// `descriptor` is null or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn InitializeSecurityDescriptor(descriptor: *mut Descriptor, revision: u32) -> i32 {
    boolean(|| {
        if revision != u32::from(REVISION) || descriptor.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        // SAFETY: as the caller of this promises.
        unsafe { store(descriptor, Descriptor::EMPTY) }
    })
}

/// Gives a descriptor an access list. Of these a null one, which lets everyone in, is of use here.
///
/// # Safety
/// `descriptor` is null or one that was initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetSecurityDescriptorDacl(
    descriptor: *mut Descriptor,
    is_present: i32,
    dacl: usize,
    is_defaulted: i32,
) -> i32 {
    boolean(|| {
        // SAFETY: as the caller of this promises.
        let former = unsafe { pointers::read(descriptor) }.ok_or(Failure::INVALID_PARAMETER)?;
        former.who().or_else(|refused| match refused {
            Failure::NOT_SUPPORTED => Ok(Who::OwnUser),
            refused => Err(refused),
        })?;
        // SAFETY: it was read there just now.
        unsafe { store(descriptor, former.with_dacl(is_present != 0, dacl, is_defaulted != 0)) }
    })
}
