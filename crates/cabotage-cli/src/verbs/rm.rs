// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage rm`: names go, and only those that mean what the address says.

use cabotage::link::names::Kind;
use cabotage::pipe::fifo;

use super::{channel_names, link_names, objects, topic_names};
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Remove shared memory objects, channels, topics, FIFOs, and names that were left behind
///
/// A name is removed only if it means what the address says: shm:/NAME a shared memory object, fifo:PATH a FIFO.
/// Anything else in its place, such as a regular file or a link, is left alone, with --force too. Who has the
/// object open or mapped keeps it until the end.
///
/// trusting:/NAME and topic:/NAME go with all their objects and with what waits in them, if no process takes part.
///
/// link:NAME, alpc:NAME, mach:NAME and channel:/NAME go only if the process that published it has ended; a living one takes it back itself.
/// All names that were left behind go with `cabotage gc`.
///
/// All addresses are tried; the exit code is that of the first failure.
#[derive(Debug, clap::Args)]
pub(crate) struct RmArgs {
    /// What to remove: shm:/NAME, channel:/NAME, trusting:/NAME, topic:/NAME, fifo:PATH, link:NAME, alpc:NAME or mach:NAME
    #[arg(required = true, value_name = "ADDRESS", value_parser = Address::argument())]
    addresses: Vec<Address>,
    /// What is not there needs no removing: that is no failure
    #[arg(long)]
    force: bool,
}

/// Removes.
pub(crate) fn run(args: &RmArgs, output: &Output) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for address in &args.addresses {
        let is_removed = match remove(address) {
            Ok(()) => true,
            Err(failure) if args.force && failure.exit() == Exit::Missing => false,
            Err(failure) => {
                output.complain(&failure);
                exit = if exit == Exit::Done { failure.exit() } else { exit };
                false
            }
        };
        if output.is_json() {
            output.record(&serde_json::json!({ "address": address.to_string(), "removed": is_removed }))?;
        }
    }
    Ok(exit)
}

fn remove(address: &Address) -> Result<(), Failure> {
    match address {
        Address::Shm(name) => objects::remove(name),
        Address::Fifo(path) => Ok(fifo::remove(path)?),
        Address::Channel(form, name) => channel_names::remove(*form, name),
        Address::Topic(name) => topic_names::remove(name),
        Address::Pipe(_) => Err(Failure::usage(format!(
            "{address} goes with its last instance; what killed servers left, `cabotage gc` removes"
        ))),
        Address::Link(name) => link_names::remove(Kind::Link, name),
        Address::Alpc(name) => link_names::remove(Kind::Alpc, name),
        Address::Mach(name) => link_names::remove(Kind::Mach, name),
    }
}
