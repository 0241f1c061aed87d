// SPDX-License-Identifier: MIT OR Apache-2.0
//! The everyday verbs, each in a module of its own.

mod bootstrap;
mod call;
mod channel_names;
mod channels;
mod completions;
mod fifos;
mod gc;
mod holders;
mod link_names;
mod links;
mod ls;
mod mach_ports;
mod man;
mod objects;
mod people;
mod pipe_names;
mod pipes;
mod ports;
mod receive;
mod rm;
mod send;
mod serve;
mod show;
mod timeout;
mod topic_names;
mod topics;
mod transfer;
mod whose;

use clap::Subcommand;

use crate::bench::{self, BenchArgs, FarArgs};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// A verb and what it was given.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Send(send::SendArgs),
    Receive(receive::ReceiveArgs),
    Ls(ls::LsArgs),
    Show(show::ShowArgs),
    Rm(rm::RmArgs),
    Gc(gc::GcArgs),
    Serve(serve::ServeArgs),
    Call(call::CallArgs),
    Bootstrap(bootstrap::BootstrapArgs),
    Bench(BenchArgs),
    /// The other process of a measurement
    #[command(hide = true)]
    BenchFar(FarArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Verb {
    /// Does what was asked.
    pub(crate) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        match self {
            Self::Send(args) => send::run(args, output),
            Self::Receive(args) => receive::run(args, output),
            Self::Ls(args) => ls::run(args, output),
            Self::Show(args) => show::run(args, output),
            Self::Rm(args) => rm::run(args, output),
            Self::Gc(args) => gc::run(args, output),
            Self::Serve(args) => serve::run(args, output),
            Self::Call(args) => call::run(args, output),
            Self::Bootstrap(args) => bootstrap::run(args, output),
            Self::Bench(args) => bench::run(args, output),
            Self::BenchFar(args) => bench::serve(args),
            Self::Completions(args) => completions::run(args, output),
            Self::Man(args) => man::run(args, output),
        }
    }
}
