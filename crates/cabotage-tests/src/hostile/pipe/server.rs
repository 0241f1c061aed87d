// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim: a server of a named pipe of messages, with a thread for each of its instances.

use cabotage_link::Deadline;
use cabotage_link::names::Scope;
use cabotage_pipe::named::{NamedPipeServer, PipeError, ServerOptions};

use super::NAME;
use super::fields::QUOTA_BYTES;
use crate::hostile::report::{Cause, End};
use crate::hostile::tasks::{self, Task};
use crate::scratch::Scratch;

/// How many clients are served at once.
const INSTANCES: usize = 3;

/// Serves in threads of its own until the process ends; `note` is told of the end of each client.
pub(in crate::hostile) fn serve(place: &Scratch, note: impl Fn(End) + Clone + Send + 'static) {
    let quota = u32::try_from(QUOTA_BYTES).unwrap_or(u32::MAX);
    let options = ServerOptions::messages().in_buffer_size(quota).out_buffer_size(quota);
    // Everybody may connect: users that are not ours too.
    let options = options.scope(Scope::System).mode(0o666).registry(&place.registry());
    for _ in 0..INSTANCES {
        let mut server = options.create(NAME).expect("a name of our own");
        let note = note.clone();
        std::thread::spawn(move || {
            loop {
                match server.connect(Deadline::Never) {
                    Ok(()) | Err(PipeError::AlreadyConnected) => note(serve_to_the_end(&mut server)),
                    // It came and went before it was looked at.
                    Err(PipeError::Closing) => drop(server.disconnect()),
                    // The table of descriptors is full, for example.
                    Err(_) => std::thread::sleep(A_MOMENT),
                }
            }
        });
    }
}

const A_MOMENT: std::time::Duration = std::time::Duration::from_millis(2);

/// Answers until the client has gone or lied, throws it out, and listens again.
fn serve_to_the_end(server: &mut NamedPipeServer) -> End {
    let pid = server.client().map_or(0, |client| client.pid());
    let mut question = Vec::new();
    let error = loop {
        match server.receive(&mut question, Deadline::Never) {
            Ok(()) => answer(server, &question),
            Err(error) => break error,
        }
    };
    // What the connection has must be gone when its end is told, and the instance be there again.
    while server.disconnect().is_ok() {}
    while !matches!(server.connect(Deadline::Now), Err(PipeError::Listening) | Ok(())) {
        std::thread::sleep(A_MOMENT);
    }
    match error {
        PipeError::Peer(error) => End::new(pid, &error),
        PipeError::Broken | PipeError::Disconnected => {
            End { pid, cause: Cause::Gone, words: error.to_string() }
        }
        error => End { pid, cause: Cause::System, words: error.to_string() },
    }
}

/// Does what a client asks for. What it has no room for it misses; that it is gone, the next read tells.
fn answer(client: &mut NamedPipeServer, question: &[u8]) {
    let _ = match tasks::asked(question) {
        Task::Bytes(bytes) => client.try_write(&vec![7; bytes.into()]),
        Task::Echo => client.try_write(question),
        Task::Nothing | Task::Block | Task::Descriptor => Ok(0),
    };
}
