// SPDX-License-Identifier: MIT OR Apache-2.0
//! A real pipe, both ends of which are in this process.

use cabotage_pipe::Deadline;
use cabotage_pipe::named::{
    ClientOptions, NamedPipeClient, NamedPipeServer, PipeError, PipeMode, Registry, ServerOptions,
};

use crate::model::{Act, Answer, End, content};
use crate::subject::{Subject, refused};

/// A pipe in a directory of its own.
pub(crate) struct Shell {
    server: Option<NamedPipeServer>,
    client: Option<NamedPipeClient>,
    registry: Registry,
    _directory: tempfile::TempDir,
}

/// Runs `$act` on the end that acts.
macro_rules! on {
    ($shell:expr, $end:expr, |$pipe:ident| $act:expr) => {
        match $end {
            End::Server => {
                let $pipe = $shell.server.as_mut().expect("only ends that are there act");
                $act
            }
            End::Client => {
                let $pipe = $shell.client.as_mut().expect("only ends that are there act");
                $act
            }
        }
    };
}

impl Shell {
    fn server(&mut self) -> &mut NamedPipeServer {
        self.server.as_mut().expect("only ends that are there act")
    }

    fn answer(&mut self, act: Act) -> Result<Answer, PipeError> {
        match act {
            Act::Open => {
                self.client = None;
                self.client = Some(ClientOptions::new().registry(&self.registry).open("model")?);
            }
            Act::CloseClient => self.client = None,
            Act::CloseServer => self.server = None,
            // One that has a client says so, as Windows does: ours takes one that has come for what was wanted.
            Act::Listen => {
                let server = self.server();
                server.state()?;
                match server.connect(Deadline::Now) {
                    Err(PipeError::Listening) => return Ok(Answer::Waits),
                    answer => answer?,
                }
            }
            Act::Disconnect => self.server().disconnect()?,
            Act::Read(end, bytes) => {
                let mut data = vec![0; bytes];
                return match on!(self, end, |pipe| pipe.try_read(&mut data)) {
                    Ok(bytes) => {
                        data.truncate(bytes);
                        Ok(Answer::Data(data))
                    }
                    Err(PipeError::MoreData { .. }) => Ok(Answer::Part(data)),
                    Err(error) => Err(error),
                };
            }
            Act::Write(end, bytes) => {
                let data: Vec<u8> = (0..bytes).map(content).collect();
                on!(self, end, |pipe| pipe.write_within(&data, Deadline::Now)?);
            }
            Act::Peek(end) => {
                let peeked = on!(self, end, |pipe| pipe.peek(&mut []))?;
                return Ok(Answer::Bytes(usize::try_from(peeked.available_bytes).expect("few")));
            }
            Act::Transact(end) => {
                let mut answer = [0; 8];
                let asked = on!(self, end, |pipe| pipe.transact(&[content(0)], &mut answer, Deadline::Now));
                panic!("nobody answers, but {} bytes came", asked?);
            }
            Act::Flush(end) => on!(self, end, |pipe| pipe.flush_within(Deadline::Now)?),
            Act::Inform(end) => drop(on!(self, end, |pipe| pipe.info()?)),
            Act::Identify(End::Server) => drop(self.server().client()?.clone()),
            Act::Identify(End::Client) => {
                drop(self.client.as_mut().expect("it is there").server()?.clone());
            }
            Act::ReadMode(end, read_mode) => on!(self, end, |pipe| {
                let state = pipe.handle_state()?;
                pipe.set_handle_state(cabotage_pipe::named::HandleState { read_mode, ..state })?;
            }),
        }
        Ok(Answer::Done)
    }
}

impl Subject for Shell {
    fn new(mode: PipeMode) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let registry = Registry::at(directory.path().join("user"), directory.path().join("system"));
        let options = ServerOptions::new().pipe_mode(mode).registry(&registry);
        let server = Some(options.create("model").expect("a pipe"));
        Self { server, client: None, registry, _directory: directory }
    }

    fn act(&mut self, act: Act) -> Answer {
        self.answer(act).unwrap_or_else(|error| refused(&error))
    }
}
