// SPDX-License-Identifier: MIT OR Apache-2.0
//! The four classic interprocess communication systems of the textbook, for Linux.
#![forbid(unsafe_code)]

pub use cabotage_os as os;
pub use cabotage_pipe as pipe;
pub use cabotage_shm as shm;
