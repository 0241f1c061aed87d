// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that plays holders and owners that lie: it takes orders by lines, and answers what it has seen.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_link::names::{ConnectOptions, Kind, Name, Scope};

use super::fields;
use super::floods::Holder;
use super::owner_fields::OWNER_FIELDS;
use super::script::{self, BREACHES, HOLDER, MOVING, WELCOMED};
use super::words::{Record, word};
use super::{owner_script, owners};
use crate::hostile::attacker::{act, pin};
use crate::hostile::frames;
use crate::hostile::gushes::{Flowing, Source};
use crate::hostile::kinds::Kinds;
use crate::hostile::liar::{A_MOMENT, Liar};
use crate::hostile::lie::Lie;
use crate::hostile::script::Step;
use crate::hostile::serving::{self, AN_END};
use crate::hostile::values::Value;
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// Plays the liar: the victim's place.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let kinds = Kinds::new();
    let (mut silent, mut serving, mut flowing, mut prepared) = (None, None, None, Vec::new());
    let name = (Kind::Mach, super::NAME);
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let answer = match words[..] {
            ["lie", field, value, manner] => lie(&place, field, value, manner),
            ["breach", number] => breach(&place, number.parse().expect("a number")),
            ["word", word, form] => any_word(&place, word, form),
            ["kind", kind, count] => descriptors(&place, &kinds, kind, count),
            [way, script, steps] if way == "silent" || way == "shut" => {
                let steps: usize = steps.parse().expect("a number");
                let all = script_of(&SCRIPTS, script);
                let mut liar = meet(&place, None, AN_END);
                act(&mut liar, &all[..steps]);
                if way == "shut" {
                    // A socket that its peer has shut down meanwhile is none.
                    let _ = liar.socket().hang_up();
                }
                silent = Some(liar);
                all[steps - 1].0.to_owned()
            }
            ["serve-lie", field, value, manner] => {
                let lie = serving::parse(OWNER_FIELDS.iter(), field, value, manner);
                let steps = owner_script::steps_of(field);
                serving::serve(name, &place, part, |socket, _| serving::lie(socket, &lie, steps))
            }
            ["serve-breach", number] => {
                let number: usize = number.parse().expect("a number");
                let breach = &owner_script::BREACHES[number..=number];
                let before = &owner_script::OWNER[..owner_script::ASKED];
                serving::serve(name, &place, part, |socket, _| serving::breach(socket, before, breach))
            }
            ["serve-silent", script, steps] => {
                let all = script_of(&owners::SCRIPTS, script);
                let steps: usize = steps.parse().expect("a number");
                serving::serve(name, &place, part, |socket, published| {
                    let mut liar = Liar::new(socket, None, AN_END);
                    act(&mut liar, &all[..steps]);
                    serving = Some((liar, published));
                    all[steps - 1].0.to_owned()
                })
            }
            ["drop"] => {
                (silent, serving) = (None, None);
                "dropped".to_owned()
            }
            ["prepare"] => {
                let all = script::receptacles(1);
                prepared = all.into_iter().map(|record| (welcomed(&place, AN_END), record)).collect();
                prepared.len().to_string()
            }
            ["strike"] => {
                prepared.drain(..).for_each(|(mut liar, record): (Liar, Record)| {
                    script::say_with(&mut liar, &record, &[script::nothing().as_fd()]);
                });
                "struck".to_owned()
            }
            ["forks", amount] => use_forks(&place, amount.parse().expect("a number")).to_string(),
            ["flood", flood, amount] => {
                Source::<Holder>::new(&place, flood).flow(amount.parse().expect("a number")).to_string()
            }
            ["pin", number] => pin(number),
            ["begin", flood, place] => {
                flowing = Some(Flowing::begin::<Holder>(&Scratch::of(place), flood));
                "begun".to_owned()
            }
            ["enough"] => flowing.take().expect("a flood").enough().to_string(),
            _ => panic!("an order that nobody understands: {order}"),
        };
        part.say(answer);
    }
    drop((silent, serving, flowing));
}

/// The scripts at whose steps holders stop, by their names.
pub(super) const SCRIPTS: [(&str, &[Step]); 2] = [("holder", HOLDER), ("mover", MOVING)];

fn script_of(scripts: &[(&str, &'static [Step])], name: &str) -> &'static [Step] {
    let found = scripts.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no script is called {name}")).1
}

/// A fresh link to the victim's port.
pub(super) fn meet(place: &Scratch, lie: Option<Lie>, patience: Duration) -> Liar {
    let name: Name = super::NAME.parse().expect("a name");
    let how = ConnectOptions::new().scope(Scope::System);
    let socket = place.registry().connect(Kind::Mach, &name, how, soon()).expect("an owner that lives");
    Liar::new(socket, lie, patience)
}

/// A holder that may send.
pub(super) fn welcomed(place: &Scratch, patience: Duration) -> Liar {
    let mut liar = meet(place, None, patience);
    act(&mut liar, &HOLDER[..WELCOMED]);
    liar
}

/// Goes through all steps with one lie; answers how often it was told, whether it had to be found, and whether the
/// victim has hung up.
fn lie(place: &Scratch, field: &str, value: &str, manner: &str) -> String {
    let found = fields::all().find(|known| known.name == field);
    let field = found.unwrap_or_else(|| panic!("no field is called {field}"));
    let (value, manner) = (value.parse().expect("a value"), manner.parse().expect("a manner"));
    let patience = if value == Value::Truth { AN_END } else { A_MOMENT };
    let mut liar = meet(place, Some(Lie { field, value, manner }), patience);
    act(&mut liar, script::steps_of(field.name));
    let told = liar.told();
    let has_ended = liar.wait_for_end(if told.must_be_found { AN_END } else { Duration::ZERO });
    format!("{} {} {has_ended}", told.times, told.must_be_found)
}

/// Says what no holder may say; answers whether the victim has hung up.
fn breach(place: &Scratch, number: usize) -> String {
    let mut liar = welcomed(place, AN_END);
    act(&mut liar, &BREACHES[number..=number]);
    liar.wait_for_end(AN_END).to_string()
}

/// What goes with a word, whether or not it belongs there: 1, 2 and 4 are a number, a token, and the end of a link.
pub(super) const FORMS: u8 = 8;

/// Says a word in one of its forms; answers whether the victim has hung up, for which it waits if nobody knows the word.
fn any_word(place: &Scratch, word: &str, form: &str) -> String {
    let (word, form): (u8, u8) = (word.parse().expect("a number"), form.parse().expect("a number"));
    let mut liar = welcomed(place, A_MOMENT);
    let number = if form & 1 == 0 { vec![] } else { vec![1, 0, 0, 0, 0, 0, 0, 0] };
    let record = Record::of(word).body(number).token(u64::from(form >> 1 & 1));
    if form & 4 == 0 {
        script::say(&mut liar, &record)
    } else {
        script::with_end(&mut liar, &record)
    }
    let patience = if fields::is_unknown(word) { AN_END } else { Duration::ZERO };
    liar.wait_for_end(patience).to_string()
}

/// Hands descriptors of this kind over, so many at once, where each thing that has one may stand.
fn descriptors(place: &Scratch, kinds: &Kinds, kind: &str, count: &str) -> String {
    let (kind, count): (usize, usize) = (kind.parse().expect("a number"), count.parse().expect("a number"));
    let kind = &kinds.all()[kind % kinds.all().len()];
    let descriptors = vec![kind.descriptor(); count];
    for record in script::receptacles(u32::try_from(count).unwrap_or(u32::MAX)) {
        let mut liar = welcomed(place, A_MOMENT);
        script::say_with(&mut liar, &record, &descriptors);
    }
    kind.name.to_owned()
}

/// Makes so many links to the port by forks, and uses each; answers how many of them the victim has refused.
fn use_forks(place: &Scratch, amount: u64) -> usize {
    let mut liar = welcomed(place, AN_END);
    let mut users: Vec<Liar> = Vec::new();
    for number in 1..=amount {
        let (end, other) = script::ends();
        let fork = Record::of(word::FORK).token(number).descriptors(1);
        script::say_with(&mut liar, &fork, &[end.as_fd()]);
        drop(end);
        let mut user = Liar::new(other, None, AN_END);
        user.say(frames::hello(None), &[]);
        user.hand_over();
        user.wait_until(|user| user.heard().has_refused || user.heard().outbox.is_some());
        users.push(user);
    }
    users.iter().filter(|user| user.heard().has_refused).count()
}
