// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts of the caller, in either width.

mod border;

pub(super) use border::{give_narrow, give_wide, narrow, narrow_block, wide, wide_block};
