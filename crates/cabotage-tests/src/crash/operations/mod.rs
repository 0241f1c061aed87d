// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every operation that is killed at each of its instructions. A transport adds a file and a line.

mod alpc;
mod alpc_server;
mod channel;
mod fifo;
mod link;
mod mach;
mod named_pipe;
mod names;
mod object;
mod pipe;
mod topic;
mod wrong;

use super::stage::Operation;

/// Those whose name begins with `prefix`; the deliberately wrong ones only when they are asked for.
pub fn named(prefix: &str) -> impl Iterator<Item = &'static Operation> {
    let wrong = if prefix.starts_with("wrong.") { wrong::OPERATIONS } else { &[] };
    all().chain(wrong).filter(move |operation| operation.name.starts_with(prefix))
}

/// Those of every transport.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    [
        link::OPERATIONS,
        names::OPERATIONS,
        object::OPERATIONS,
        pipe::OPERATIONS,
        fifo::OPERATIONS,
        channel::TRUSTING,
        channel::GUARDED,
        topic::OPERATIONS,
        alpc::OPERATIONS,
        alpc_server::OPERATIONS,
        named_pipe::CLIENTS,
        named_pipe::SERVERS,
        mach::SENDS,
        mach::THIRDS,
        mach::NAMES,
        mach::MOVES,
    ]
    .into_iter()
    .flatten()
}

/// Those in which others have to answer before they go on: no two runs go the same way, so they are not stepped through,
/// and their points lie close behind system calls.
const WAITING: &[&[Operation]] = &[mach::MOVES, mach::THIRDS];

/// Whether it is one of those.
pub fn waits(operation: &Operation) -> bool {
    WAITING.iter().copied().flatten().any(|waiting| waiting.name == operation.name)
}
