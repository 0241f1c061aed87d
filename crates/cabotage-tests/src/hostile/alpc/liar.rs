// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that plays clients that lie: it takes orders by lines, and answers what it has seen.

use std::time::Duration;

use cabotage_link::names::{ConnectOptions, Kind, Name, Scope};

use super::fields;
use super::script::{self, ACCEPTED, BEFORE, BREACHES, CLIENT};
use crate::hostile::attacker::act;
use crate::hostile::liar::{A_MOMENT, Liar};
use crate::hostile::lie::Lie;
use crate::hostile::link_fields::tag;
use crate::hostile::values::Value;
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a liar waits for an end that must come.
const AN_END: Duration = Duration::from_secs(20);

/// Plays the liar: the victim's place.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let mut silent = None;
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let answer = match words[..] {
            ["lie", field, value, manner] => lie(&place, &parse(field, value, manner)),
            ["breach", number] => breach(&place, number.parse().expect("a number")),
            ["silent", steps] => {
                let steps: usize = steps.parse().expect("a number");
                let mut liar = meet(&place, None, AN_END);
                act(&mut liar, &CLIENT[..steps]);
                silent = Some(liar);
                CLIENT[steps - 1].0.to_owned()
            }
            ["drop"] => {
                silent = None;
                "dropped".to_owned()
            }
            ["flood", flood, amount] => flood_with(&place, flood, amount.parse().expect("a number")),
            _ => panic!("an order that nobody understands: {order}"),
        };
        part.say(answer);
    }
    drop(silent);
}

fn parse(field: &str, value: &str, manner: &str) -> Lie {
    let found = fields::all().find(|known| known.name == field);
    let field = found.unwrap_or_else(|| panic!("no field is called {field}"));
    Lie { field, value: value.parse().expect("a value"), manner: manner.parse().expect("a manner") }
}

/// A fresh link to the victim.
fn meet(place: &Scratch, lie: Option<Lie>, patience: Duration) -> Liar {
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
    act(&mut liar, CLIENT);
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

/// So much of a flood; answers how much it was.
fn flood_with(place: &Scratch, flood: &str, amount: u64) -> String {
    match flood {
        "connections" => {
            for _ in 0..amount {
                let mut liar = meet(place, None, Duration::ZERO);
                act(&mut liar, &CLIENT[..2]);
            }
        }
        "requests-without-a-reader" => {
            let mut liar = meet(place, None, A_MOMENT);
            act(&mut liar, &CLIENT[..ACCEPTED]);
            liar.stop_reading();
            for id in 1..=amount {
                let request = fields::message(fields::said::REQUEST, id, 1, &[], &[7; 200]);
                liar.send(tag::PLAIN, &request);
            }
        }
        "requests-that-are-kept" => {
            let mut liar = meet(place, None, A_MOMENT);
            act(&mut liar, &CLIENT[..ACCEPTED]);
            for id in 1..=amount {
                script::request(&mut liar, id, &[script::wish::KEEP]);
            }
        }
        _ => panic!("no flood is called {flood}"),
    }
    amount.to_string()
}
