// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-win32: the pipe calls of Win32 for C programs on Linux, over Cabotage's pipes. The header is
//! `cabotage/win32pipe.h`; which calls there are, and what differs, stands in docs/c.md.
//!
//! | module | |
//! |---|---|
//! | `face` | what C calls: pointers checked, texts made ours; nothing is decided there |
//! | `io`, `waits`, `handles` | what the calls do, by handle |
//! | `runtime`, `table`, `object` | which handles there are, and what they stand for |
//! | `pipe` | an end of a named pipe, and its operations |
//! | `stream` | an end of an anonymous pipe, and the standard streams |
//! | `event`, `wait`, `port`, `thread`, `threads` | signals, waits, completion ports, APCs |
//! | `pump` | the thread that goes on with what is under way |
//! | `spawn` | children, and the handles that they inherit |
//! | `memory` | the caller's buffers and `OVERLAPPED` structures, after the call that gave them |
//!
//! **Invariant:** only `face` and `memory` have unsafe code; the rest forbids it.

#![deny(unsafe_code)]

mod event;
#[allow(unsafe_code, reason = "C calls it")]
mod face;
mod failure;
mod handles;
mod io;
#[allow(unsafe_code, reason = "the caller's memory, after the call")]
mod memory;
mod object;
mod pipe;
mod pipe_name;
mod port;
mod pump;
mod runtime;
mod security;
mod spawn;
mod stream;
mod table;
mod thread;
mod threads;
mod wait;
mod waits;
