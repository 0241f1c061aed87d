// SPDX-License-Identifier: MIT OR Apache-2.0
//! The caller's memory that an operation goes on to use after the call has returned: its buffer, and its `OVERLAPPED`.
//! Only [`border`] knows addresses; what it gives out is safe to use.

mod border;

pub(crate) use border::{Overlapped, OverlappedAt, Target};
