// SPDX-License-Identifier: MIT OR Apache-2.0
//! A liar that is a server: it publishes a name, and lies to the client that comes.

use std::time::Duration;

use cabotage_link::names::{Kind, Name, PublishOptions, Published, Scope};
use cabotage_os::socket::Socket;

use super::attacker::act;
use super::field::Field;
use super::liar::{A_MOMENT, Liar};
use super::lie::Lie;
use super::script::Step;
use super::values::Value;
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a liar waits for an end that must come.
pub(super) const AN_END: Duration = Duration::from_secs(20);

/// A lie as an order says it, about one of these fields.
pub(super) fn parse(
    mut fields: impl Iterator<Item = &'static Field>,
    field: &str,
    value: &str,
    manner: &str,
) -> Lie {
    let found = fields.find(|known| known.name == field);
    let field = found.unwrap_or_else(|| panic!("no field is called {field}"));
    Lie { field, value: value.parse().expect("a value"), manner: manner.parse().expect("a manner") }
}

/// Publishes the name, says so, and does this with the client that comes.
pub(super) fn serve(
    (kind, name): (Kind, &str),
    place: &Scratch,
    part: &Part,
    act: impl FnOnce(Socket, Published) -> String,
) -> String {
    let name: Name = name.parse().expect("a name");
    let how = PublishOptions::new().scope(Scope::System).mode(0o666);
    let published = place.registry().publish(kind, &name, how, soon()).expect("a free name");
    part.say("published");
    let socket = published.accept(soon()).expect("a client that comes");
    act(socket, published)
}

/// Goes through all steps with one lie; answers how often it was told, whether it had to be found, and whether the
/// victim has hung up.
pub(super) fn lie(socket: Socket, lie: &Lie, steps: &[Step]) -> String {
    let is_true = lie.value == Value::Truth;
    let mut liar = Liar::new(socket, Some(*lie), if is_true { AN_END } else { A_MOMENT });
    act(&mut liar, steps);
    let told = liar.told();
    let has_ended = liar.wait_for_end(if told.must_be_found { AN_END } else { Duration::ZERO });
    format!("{} {} {has_ended}", told.times, told.must_be_found)
}

/// Says, behind these steps, what no server may say; answers whether the victim has hung up.
pub(super) fn breach(socket: Socket, before: &[Step], breach: &[Step]) -> String {
    let mut liar = Liar::new(socket, None, AN_END);
    act(&mut liar, before);
    act(&mut liar, breach);
    liar.wait_for_end(AN_END).to_string()
}
