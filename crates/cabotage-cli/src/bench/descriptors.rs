// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exactly as many descriptors as an end needs.

use std::os::fd::OwnedFd;

use super::case::Result;
use crate::exit::Failure;

/// The descriptors as an array, if there are `N`.
pub(crate) fn expect<const N: usize>(descriptors: Vec<OwnedFd>) -> Result<[OwnedFd; N]> {
    let got = descriptors.len();
    descriptors.try_into().map_err(|_| Failure::usage(format!("{N} descriptors are needed here, not {got}")))
}
