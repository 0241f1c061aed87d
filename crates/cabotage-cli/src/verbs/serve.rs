// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage serve`: a command behind the name of a link, of a pipe, of a connection port or of a Mach port.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use cabotage::Deadline;
use cabotage::link::{Link, LinkError, Listener, ReceiveError};
use cabotage::pipe::named::PipeMode;
use serde::Serialize;

use super::{links, mach_ports, pipes, ports};
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Publish a link, a pipe, a connection port or a Mach port, and answer each message by a command
///
/// The command is run once for each message, which it reads as its standard input; what it writes to its standard
/// output is the answer, however it ends. Several clients are served at once, each one's messages in turn.
///
/// pipe:NAME is a Windows named pipe, with an instance for each client: of messages with --message, else of bytes, where
/// what one read finds is taken for the question.
///
/// alpc:NAME publishes a connection port: everybody who may connect is let in, and each request gets its reply,
/// whichever way its body came.
///
/// mach:NAME checks in with a Mach port: each message with a right to answer gets its answer. With --check-in the name is
/// one of a server of names (`cabotage bootstrap`), which starts services on demand.
///
/// It serves until it is ended (Ctrl-C). Its name is then left behind: the next one takes it over, and `cabotage gc`
/// removes it.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// The name to publish: link:NAME, pipe:NAME, alpc:NAME or mach:NAME
    #[arg(value_parser = Address::argument())]
    address: Address,
    /// pipe: keep messages apart
    #[arg(long)]
    message: bool,
    /// mach: check in with a server of names
    #[arg(long)]
    check_in: bool,
    /// The command, with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What `--json` says of a message that was answered.
#[derive(Debug, Serialize)]
pub(crate) struct Served<'a> {
    verb: &'static str,
    address: &'a str,
    /// Who asked.
    pid: Option<i32>,
    uid: Option<u32>,
    bytes: usize,
    answer_bytes: usize,
    /// How the command ended; `null` if by a signal.
    status: Option<i32>,
}

impl Served<'_> {
    /// Says so to a program that listens; `who` asked, by process and user.
    pub(crate) fn tell(
        output: &Output,
        address: &str,
        who: Option<(i32, u32)>,
        bytes: usize,
        answer: &[u8],
        status: ExitStatus,
    ) -> Result<(), Failure> {
        if !output.is_json() {
            return Ok(());
        }
        output.record(&Served {
            verb: "serve",
            address,
            pid: who.map(|(pid, _)| pid),
            uid: who.map(|(_, uid)| uid),
            bytes,
            answer_bytes: answer.len(),
            status: status.code(),
        })
    }
}

/// Serves for ever.
pub(crate) fn run(args: &ServeArgs, output: &Output) -> Result<Exit, Failure> {
    let address = args.address.to_string();
    if args.message && !matches!(args.address, Address::Pipe(_)) {
        return Err(Failure::usage("--message is for pipe:NAME: others carry messages anyway"));
    }
    if args.check_in && !matches!(args.address, Address::Mach(_)) {
        return Err(Failure::usage("--check-in is for mach:NAME: only Mach ports have a server of names"));
    }
    let mode = if args.message { PipeMode::Message } else { PipeMode::Byte };
    match &args.address {
        Address::Pipe(name) => pipes::serve(name, mode, &args.command, output),
        Address::Alpc(name) => ports::serve(ports::publish(name)?, &args.command, &address, output),
        Address::Mach(name) => {
            let checked_in = match args.check_in {
                true => mach_ports::check_in_with_server(name)?,
                false => (mach_ports::check_in(name)?, None),
            };
            mach_ports::serve(&checked_in.0, &args.command, &address, output)
        }
        Address::Link(name) => serve_link(links::publish(name)?, &args.command, &address, output),
        other => Err(other.carries_no_messages()),
    }
}

fn serve_link(
    listener: Listener,
    command: &[OsString],
    address: &str,
    output: &Output,
) -> Result<Exit, Failure> {
    thread::scope(|scope| {
        loop {
            let link = listener.accept(Deadline::Never)?;
            let serve = || {
                if let Err(failure) = attend(link, command, address, output) {
                    output.complain(&failure.about(address));
                }
            };
            thread::Builder::new().name("client".into()).spawn_scoped(scope, serve)?;
        }
    })
}

/// Answers one client's messages until it leaves.
fn attend(mut link: Link, command: &[OsString], address: &str, output: &Output) -> Result<(), Failure> {
    loop {
        let question = match link.receive(Deadline::Never) {
            Ok(message) => message.to_vec(),
            Err(ReceiveError::Link(LinkError::Closed | LinkError::Died)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let (status, answer) = answer(command, &question)?;
        link.send(&answer, Deadline::Never)?;
        let who = link.with_peer(|peer| (peer.pid(), peer.uid()));
        Served::tell(output, address, who, question.len(), &answer, status)?;
        if !status.success() {
            output.remark(format_args!("{address}: {} ended with {status}", command[0].display()));
        }
    }
}

/// Runs the command; it may leave before it has read everything.
pub(crate) fn answer(command: &[OsString], question: &[u8]) -> Result<(ExitStatus, Vec<u8>), Failure> {
    let mut prepared = Command::new(&command[0]);
    prepared.args(&command[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = prepared.spawn().map_err(|refusal| Failure::from(refusal).about(command[0].display()))?;
    let stdin = child.stdin.take();
    let told = thread::scope(|scope| {
        let writing = scope.spawn(|| match stdin {
            Some(mut stdin) => stdin.write_all(question),
            None => Ok(()),
        });
        let ending = child.wait_with_output();
        let written = writing.join().unwrap_or_else(|_| Err(io::Error::other("the writer panicked")));
        written
            .or_else(|refusal| if refusal.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(refusal) })?;
        ending
    })?;
    Ok((told.status, told.stdout))
}
