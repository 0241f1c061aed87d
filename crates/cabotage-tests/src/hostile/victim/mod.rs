// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim: one process with a set of links behind a name, and links of their own threads for those who ask.
//!
//! It is an ordinary program of the library. It does little jobs for whoever asks ([`super::tasks`]), counts the ends
//! of its links, and for the process that started it, known by its number, it also reports and fills its table of
//! descriptors.

mod alone;
mod set;

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cabotage_link::names::{Name, PublishOptions, Scope};
use cabotage_link::quota::{Limits, Quota};
use cabotage_link::{Deadline, Letter, Link, Listener, Options, Parcel, SendError, Wait};
use cabotage_os::{limits, processor};

use super::report::End;
use super::tasks::{self, Task};
use crate::role::Part;
use crate::scratch::Scratch;

/// The name under which the victim listens, in the system scope of its place.
pub const NAME: &str = "victim";

/// How long a client may take to say HELLO.
pub const HELLO_WITHIN: Duration = Duration::from_secs(3);

/// Asks for a link of its own thread; the answer brings its other end.
pub const PAIR: &[u8] = b"pair";
/// Asks for a [`super::report::Report`].
pub(super) const REPORT: &[u8] = b"report";
/// Asks the victim to forget the ends that it has not told.
pub(super) const FORGET: &[u8] = b"forget";
/// Asks the victim to fill its table of descriptors, and to keep it full.
pub(super) const FILL: &[u8] = b"fill";
/// Asks it to make room again.
pub(super) const EMPTY: &[u8] = b"empty";

/// What all threads of a victim share.
#[derive(Debug, Clone)]
struct Victim {
    options: Options,
    quota: Quota,
    ends: Arc<Mutex<Vec<End>>>,
}

impl Victim {
    fn note(&self, end: End) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).push(end);
    }
}

/// Plays the victim: its place, the number of the process that may ask for everything, and perhaps a processor.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let supervisor = i32::try_from(part.number(1)).expect("the number of a process");
    let is_measured = part.arguments() > 2;
    if is_measured {
        processor::pin(usize::try_from(part.number(2)).expect("a number")).expect("a processor");
    }
    let table = limits::descriptors().expect("a limit").soft;
    let quota = Quota::new(Limits::within(table)).expect("a book of quotas");
    let options = Options::new().quota(&quota).hello_within(HELLO_WITHIN);
    let victim = Victim { options, quota, ends: Arc::default() };
    let name: Name = NAME.parse().expect("a name");
    // Everybody may connect: users that are not ours too.
    let how = PublishOptions::new().scope(Scope::System).mode(0o666);
    let listener = Listener::publish_in(&place.registry(), &name, how, victim.options.clone(), Deadline::Now);
    let listener = listener.expect("a name of our own");
    let pipes = victim.clone();
    super::pipe::serve(&place, move |end| pipes.note(end));
    part.say("ready");
    // Whether it pays to look for a while before one sleeps is found out anew all the time; times that are to be
    // compared must not depend on it.
    let wait = if is_measured { Wait::Block } else { Wait::default() };
    set::serve(&victim, listener, supervisor, wait);
}

/// Does what a client asks for. What it has no room for it misses.
fn answer(link: &mut Link, letter: &Letter) -> Result<(), SendError> {
    look_at(letter);
    let sent = match tasks::asked(&letter.bytes) {
        Task::Nothing => Ok(()),
        Task::Echo => link.try_send(&letter.bytes),
        Task::Bytes(bytes) => link.try_send(&vec![7; bytes.into()]),
        Task::Block => link.block(5_000, Deadline::Now).and_then(|mut block| {
            let _ = block.write_at(0, b"a block of the victim");
            send(link, Parcel::new(b"").block(block))
        }),
        Task::Descriptor => match File::open("/dev/null") {
            Ok(file) => send(link, Parcel::new(b"").descriptor(file)),
            Err(_) => Ok(()),
        },
    };
    match sent {
        Err(SendError::Full | SendError::TooLong { .. }) => Ok(()),
        sent => sent,
    }
}

fn send(link: &mut Link, parcel: Parcel<'_>) -> Result<(), SendError> {
    link.send_parcel(parcel, Deadline::Now).map_err(|unsent| unsent.error)
}

/// Reads the blocks that came along, as their user would.
fn look_at(letter: &Letter) {
    for block in &letter.blocks {
        let mut copy = vec![0; block.bytes().min(1 << 20)];
        let _ = block.copy_to(&mut copy);
    }
}
