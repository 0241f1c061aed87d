// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-alpc: the NtAlpc calls and the classic LPC calls of `cabotage/alpc.h`, over Cabotage's ports.
//!
//! `nt` and `lpc` are what C calls: they copy in, check and copy out. What a call does stands beside them in safe
//! modules: a server's port, a client's port, how threads wait on either, how they are told of messages
//! without waiting at the port, attributes, sections, handles.

mod attributes;
mod border;
mod client;
mod completion;
mod contexts;
mod exchange;
mod layout;
mod lpc;
mod message;
mod name;
mod nt;
mod pace;
mod sections;
mod server;
mod settings;
mod status;
mod table;
mod time;
mod waiting;
