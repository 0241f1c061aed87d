// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that plays clients that lie: it takes orders by lines, and answers what it has seen.

use std::time::Duration;

use cabotage_link::names::{ConnectOptions, Kind, Name, Published, Scope};
use cabotage_os::socket::Socket;

use super::fields;
use super::floods::Client;
use super::script::{self, ACCEPTED, BEFORE, BREACHES, CLIENT};
use super::server_fields::SERVER_FIELDS;
use super::server_script::{self, LENT, SERVER};
use crate::hostile::attacker::{act, pin};
use crate::hostile::gushes::{Flowing, Source};
use crate::hostile::liar::{A_MOMENT, Liar};
use crate::hostile::lie::Lie;
use crate::hostile::serving;
use crate::hostile::values::Value;
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a liar waits for an end that must come.
const AN_END: Duration = Duration::from_secs(20);

/// Plays the liar: the victim's place.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let (mut silent, mut serving, mut flowing) = (None, None, None);
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let answer = match words[..] {
            ["lie", field, value, manner] => {
                lie(&place, &serving::parse(fields::all(), field, value, manner))
            }
            ["breach", number] => breach(&place, number.parse().expect("a number")),
            ["silent", steps] => {
                let steps: usize = steps.parse().expect("a number");
                let mut liar = meet(&place, None, AN_END);
                act(&mut liar, &CLIENT[..steps]);
                silent = Some(liar);
                CLIENT[steps - 1].0.to_owned()
            }
            ["serve-lie", field, value, manner] => {
                let lie = serving::parse(SERVER_FIELDS.iter(), field, value, manner);
                let steps = server_script::steps_of(field);
                serve(&place, part, |socket, _| serving::lie(socket, &lie, steps))
            }
            ["serve-breach", number] => {
                let number: usize = number.parse().expect("a number");
                let breach = &server_script::BREACHES[number..=number];
                // To a client that lends memory.
                serve(&place, part, |socket, _| serving::breach(socket, &SERVER[..LENT], breach))
            }
            ["serve-silent", steps] => {
                let steps: usize = steps.parse().expect("a number");
                serve(&place, part, |socket, name| {
                    let mut liar = Liar::new(socket, None, AN_END);
                    act(&mut liar, &SERVER[..steps]);
                    serving = Some((liar, name));
                    SERVER[steps - 1].0.to_owned()
                })
            }
            ["drop"] => {
                (silent, serving) = (None, None);
                "dropped".to_owned()
            }
            ["flood", flood, amount] => {
                Source::<Client>::new(&place, flood).flow(amount.parse().expect("a number")).to_string()
            }
            ["pin", number] => pin(number),
            ["begin", flood, place] => {
                flowing = Some(Flowing::begin::<Client>(&Scratch::of(place), flood));
                "begun".to_owned()
            }
            ["enough"] => flowing.take().expect("a flood").enough().to_string(),
            _ => panic!("an order that nobody understands: {order}"),
        };
        part.say(answer);
    }
    drop((silent, serving, flowing));
}

/// As a server of the name that the victim looks for.
fn serve(place: &Scratch, part: &Part, act: impl FnOnce(Socket, Published) -> String) -> String {
    serving::serve((Kind::Alpc, super::NAME), place, part, act)
}

/// A fresh link to the victim.
pub(super) fn meet(place: &Scratch, lie: Option<Lie>, patience: Duration) -> Liar {
    let name: Name = super::NAME.parse().expect("a name");
    let how = ConnectOptions::new().scope(Scope::System);
    let socket = place.registry().connect(Kind::Alpc, &name, how, soon()).expect("a server that lives");
    Liar::new(socket, lie, patience)
}

/// Goes through all steps with one lie; answers how often it was told, whether it had to be found, and whether the
/// victim has hung up.
fn lie(place: &Scratch, lie: &Lie) -> String {
    let is_true = lie.value == Value::Truth;
    let mut liar = meet(place, Some(*lie), if is_true { AN_END } else { A_MOMENT });
    act(&mut liar, script::steps_of(lie.field.name));
    let told = liar.told();
    let has_ended = liar.wait_for_end(if told.must_be_found { AN_END } else { Duration::ZERO });
    format!("{} {} {has_ended}", told.times, told.must_be_found)
}

/// Says what no client may say; answers whether the victim has hung up.
fn breach(place: &Scratch, number: usize) -> String {
    let mut liar = meet(place, None, AN_END);
    if number >= BEFORE {
        act(&mut liar, &CLIENT[..ACCEPTED]);
    }
    act(&mut liar, &BREACHES[number..=number]);
    liar.wait_for_end(AN_END).to_string()
}
