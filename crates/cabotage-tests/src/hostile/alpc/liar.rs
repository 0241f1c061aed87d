// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that plays clients that lie: it takes orders by lines, and answers what it has seen.

use std::time::Duration;

use cabotage_link::names::{ConnectOptions, Kind, Name, PublishOptions, Published, Scope};
use cabotage_os::socket::Socket;

use super::fields;
use super::floods::{Flowing, Source};
use super::script::{self, ACCEPTED, BEFORE, BREACHES, CLIENT};
use super::server_fields::SERVER_FIELDS;
use super::server_script::{self, LENT, SERVER};
use crate::hostile::attacker::{act, pin};
use crate::hostile::field::Field;
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
    let (mut silent, mut serving, mut flowing) = (None, None, None);
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let answer = match words[..] {
            ["lie", field, value, manner] => lie(&place, &parse(fields::all(), field, value, manner)),
            ["breach", number] => breach(&place, number.parse().expect("a number")),
            ["silent", steps] => {
                let steps: usize = steps.parse().expect("a number");
                let mut liar = meet(&place, None, AN_END);
                act(&mut liar, &CLIENT[..steps]);
                silent = Some(liar);
                CLIENT[steps - 1].0.to_owned()
            }
            ["serve-lie", field, value, manner] => {
                let lie = parse(SERVER_FIELDS.iter(), field, value, manner);
                serve(&place, part, |socket, _| lie_as_server(socket, &lie))
            }
            ["serve-breach", number] => {
                let number: usize = number.parse().expect("a number");
                serve(&place, part, |socket, _| breach_as_server(socket, number))
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
                Source::new(&place, flood).flow(amount.parse().expect("a number")).to_string()
            }
            ["pin", number] => pin(number),
            ["begin", flood, place] => {
                flowing = Some(Flowing::begin(Scratch::of(place), flood));
                "begun".to_owned()
            }
            ["enough"] => flowing.take().expect("a flood").enough().to_string(),
            _ => panic!("an order that nobody understands: {order}"),
        };
        part.say(answer);
    }
    drop((silent, serving, flowing));
}

fn parse(mut fields: impl Iterator<Item = &'static Field>, field: &str, value: &str, manner: &str) -> Lie {
    let found = fields.find(|known| known.name == field);
    let field = found.unwrap_or_else(|| panic!("no field is called {field}"));
    Lie { field, value: value.parse().expect("a value"), manner: manner.parse().expect("a manner") }
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

/// Publishes the name, says so, and does this with the client that comes.
fn serve(place: &Scratch, part: &Part, act: impl FnOnce(Socket, Published) -> String) -> String {
    let name: Name = super::NAME.parse().expect("a name");
    let how = PublishOptions::new().scope(Scope::System).mode(0o666);
    let published = place.registry().publish(Kind::Alpc, &name, how, soon()).expect("a free name");
    part.say("published");
    let socket = published.accept(soon()).expect("a client that comes");
    act(socket, published)
}

/// As [`lie`], to a client.
fn lie_as_server(socket: Socket, lie: &Lie) -> String {
    let is_true = lie.value == Value::Truth;
    let mut liar = Liar::new(socket, Some(*lie), if is_true { AN_END } else { A_MOMENT });
    act(&mut liar, server_script::steps_of(lie.field.name));
    let told = liar.told();
    let has_ended = liar.wait_for_end(if told.must_be_found { AN_END } else { Duration::ZERO });
    format!("{} {} {has_ended}", told.times, told.must_be_found)
}

/// As [`breach`], to a client that lends memory.
fn breach_as_server(socket: Socket, number: usize) -> String {
    let mut liar = Liar::new(socket, None, AN_END);
    act(&mut liar, &SERVER[..LENT]);
    act(&mut liar, &server_script::BREACHES[number..=number]);
    liar.wait_for_end(AN_END).to_string()
}
