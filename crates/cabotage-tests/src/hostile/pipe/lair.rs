// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that plays servers that lie: it creates an instance as every server does, takes the client that comes,
//! and then speaks the protocol by hand, or has bent what stands in the folder of its pipe before.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cabotage_link::names::Scope;
use cabotage_pipe::named::place::{Creators, Instance, Rights, create};
use cabotage_pipe::named::rules::{Access, Asked};
use cabotage_pipe::named::{HandleState, PipeMode, PipeName, WaitMode};

use super::LAIR;
use super::fields::{self, QUOTA_BYTES};
use super::folder::BENDS;
use super::script::WHOLE_PIPE;
use crate::hostile::attacker::act;
use crate::hostile::liar::{A_MOMENT, Liar};
use crate::hostile::lie::Lie;
use crate::hostile::values::Value;
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a liar waits for an end that must come.
const AN_END: Duration = Duration::from_secs(20);

/// Plays the liar: the victim's place.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let mut kept = None;
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let answer = match words[..] {
            ["lie", field, value, manner] => lie(&place, part, &parse(field, value, manner)),
            ["silent", steps] => {
                let steps: usize = steps.parse().expect("a number");
                let (instance, mut liar) = meet(&place, part, None, AN_END);
                act(&mut liar, &WHOLE_PIPE[..steps]);
                kept.replace((instance, Some(liar)));
                WHOLE_PIPE[steps - 1].0.to_owned()
            }
            ["bend", number] => {
                let instance = listen(&place);
                let (name, bend) = BENDS[number.parse::<usize>().expect("a number")];
                bend(&folder(&place));
                kept.replace((instance, None));
                name.to_owned()
            }
            ["drop"] => {
                drop(kept.take());
                // What was bent nobody else can tidy up.
                let _ = std::fs::remove_dir_all(folder(&place));
                "dropped".to_owned()
            }
            _ => panic!("an order that nobody understands: {order}"),
        };
        part.say(answer);
    }
}

fn parse(field: &str, value: &str, manner: &str) -> Lie {
    let found = fields::all().find(|known| known.name == field);
    let field = found.unwrap_or_else(|| panic!("no field is called {field}"));
    Lie { field, value: value.parse().expect("a value"), manner: manner.parse().expect("a manner") }
}

/// The folder of the liar's pipe.
fn folder(place: &Scratch) -> PathBuf {
    place.path("system/pipe").join(Path::new(LAIR))
}

/// An instance of the liar's pipe, as an honest server makes it.
fn listen(place: &Scratch) -> Instance {
    let quota = usize::try_from(QUOTA_BYTES).unwrap_or(usize::MAX);
    let asked = Asked {
        access: Access::BOTH,
        pipe_mode: PipeMode::Message,
        handle: HandleState { read_mode: PipeMode::Message, wait_mode: WaitMode::Wait },
        instances_max: 255,
        in_quota_bytes: quota,
        out_quota_bytes: quota,
        default_timeout: Duration::ZERO,
        first_instance: true,
    };
    let rights = Rights { mode: 0o666, group: None, creators: Creators::SameUser };
    let name = PipeName::parse(LAIR).expect("a name");
    let creation = asked.check().expect("a pipe");
    create(&place.registry(), Scope::System, &name, &creation, rights, soon()).expect("a name of our own")
}

/// Listens, says so, and takes the client that comes.
fn meet(place: &Scratch, part: &Part, lie: Option<Lie>, patience: Duration) -> (Instance, Liar) {
    let mut instance = listen(place);
    part.say("published");
    let socket = instance.accept(soon()).expect("a client that comes");
    (instance, Liar::new(socket, lie, patience))
}

/// Goes through all steps with one lie; answers how often it was told, whether it had to be found, and whether the
/// victim has hung up.
fn lie(place: &Scratch, part: &Part, lie: &Lie) -> String {
    let is_true = lie.value == Value::Truth;
    let (_instance, mut liar) = meet(place, part, Some(*lie), if is_true { AN_END } else { A_MOMENT });
    act(&mut liar, WHOLE_PIPE);
    let told = liar.told();
    let has_ended = liar.wait_for_end(if told.must_be_found { AN_END } else { Duration::ZERO });
    format!("{} {} {has_ended}", told.times, told.must_be_found)
}
