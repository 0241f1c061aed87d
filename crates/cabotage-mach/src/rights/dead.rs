// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is left of a right whose port has died.

use super::owned::{Owned, by_name};
use crate::code::KernError;
use crate::name::Name;
use crate::right::Right;
use crate::task::Names;

/// One reference of a dead name: it keeps the name from being given to another right. A dead-name notification brings
/// one.
#[derive(Debug, PartialEq, Eq)]
pub struct DeadName {
    owned: Owned,
}

by_name!(DeadName, Right::DeadName);

impl DeadName {
    fn of(owned: Owned) -> Self {
        Self { owned }
    }
}
