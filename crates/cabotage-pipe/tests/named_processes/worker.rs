// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process with one end of a pipe, which does as it is told, and is killed as its test likes.

use std::path::Path;

use cabotage_os::testing::{self, Role};
use cabotage_pipe::named::{
    ClientOptions, NamedPipeClient, NamedPipeServer, PipeError, Registry, ServerOptions,
};

use crate::SOON;

/// Tells a process that it is a worker, and where.
const FOLDER: &str = "CABOTAGE_TEST_NAMED";
const TEST: &str = "worker::a_worker_does_as_it_is_told";

pub(crate) fn registry_in(root: &Path) -> Registry {
    Registry::at(root.join("user"), root.join("system"))
}

/// A worker, which answers as long as it lives.
pub(crate) struct Worker(testing::Worker);

impl Worker {
    pub(crate) fn start(root: &Path) -> Self {
        Self(testing::Worker::start(&Role { test: TEST, variable: FOLDER, place: root.into() }))
    }

    pub(crate) fn pid(&self) -> i32 {
        self.0.pid()
    }

    pub(crate) fn tell(&mut self, order: &str) {
        self.0.tell(order);
    }

    pub(crate) fn answer(&mut self) -> String {
        self.0.answer().expect("the worker is gone")
    }

    pub(crate) fn ask(&mut self, order: &str) -> String {
        self.0.ask(order).expect("the worker is gone")
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }
}

/// What a worker has.
enum End {
    None,
    Server(Box<NamedPipeServer>),
    Client(Box<NamedPipeClient>),
}

/// Not a test of its own: what the workers run.
#[test]
fn a_worker_does_as_it_is_told() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let registry = registry_in(Path::new(&folder));
    let mut end = End::None;
    for order in std::io::stdin().lines() {
        let order = order.unwrap();
        let (word, rest) = order.split_once(' ').unwrap_or((&order, ""));
        let answer = obey(&registry, &mut end, word, rest).unwrap_or_else(|error| error.code().to_string());
        println!("\n@ {answer}");
    }
}

fn obey(registry: &Registry, end: &mut End, word: &str, rest: &str) -> Result<String, PipeError> {
    match (word, &mut *end) {
        ("create", _) => {
            let options = ServerOptions::messages().registry(registry).in_buffer_size(16).out_buffer_size(16);
            *end = End::Server(Box::new(options.create(rest)?));
        }
        ("open", _) => {
            let options = ClientOptions::messages().registry(registry).wait_for_server(true);
            *end = End::Client(Box::new(options.open_within(rest, SOON)?));
        }
        ("close", _) => *end = End::None,
        ("connect", End::Server(server)) => server.connect(SOON)?,
        ("disconnect", End::Server(server)) => server.disconnect()?,
        ("read", End::Server(server)) => return read(|message| server.receive(message, SOON)),
        ("read", End::Client(client)) => return read(|message| client.receive(message, SOON)),
        ("write", End::Server(server)) => server.send(rest.as_bytes(), SOON)?,
        ("write", End::Client(client)) => client.send(rest.as_bytes(), SOON)?,
        ("transact", End::Client(client)) => {
            let mut answer = [0; 64];
            let bytes = client.transact(rest.as_bytes(), &mut answer, SOON)?;
            return Ok(String::from_utf8_lossy(&answer[..bytes]).into());
        }
        ("state", End::Server(server)) => return Ok(format!("{:?}", server.state()?)),
        ("state", End::Client(client)) => return Ok(format!("{:?}", client.state()?)),
        ("peer", End::Server(server)) => return Ok(server.client()?.pid().to_string()),
        ("peer", End::Client(client)) => return Ok(client.server()?.pid().to_string()),
        ("peek", End::Client(client)) => return Ok(client.peek(&mut [])?.available_bytes.to_string()),
        ("peek", End::Server(server)) => return Ok(server.peek(&mut [])?.available_bytes.to_string()),
        _ => panic!("{word} {rest}"),
    }
    Ok("ok".into())
}

fn read(receive: impl FnOnce(&mut Vec<u8>) -> Result<(), PipeError>) -> Result<String, PipeError> {
    let mut message = Vec::new();
    receive(&mut message)?;
    Ok(String::from_utf8_lossy(&message).into())
}
