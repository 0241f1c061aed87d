// SPDX-License-Identifier: MIT OR Apache-2.0
//! The far process of a case: how it is started, and what it does.

use std::os::fd::OwnedFd;

use super::near::left;
use super::player::{Partner, Player};
use super::table::case;
use crate::inventory::Inventory;
use crate::process::Process;
use crate::role::{self, Role};
use crate::scratch::Scratch;
use crate::transport::{self, Side, Transport};

/// The number under which a far process finds the descriptor that it inherits.
const INHERITED: i32 = 40;

/// What a far process does first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// Takes what it inherits.
    Inherits,
    /// Meets the near one at the place.
    Meets,
    /// Leaves it to its part to take a place over.
    Succeeds,
}

const BEGINNINGS: [(&str, Begin); 3] =
    [("inherits", Begin::Inherits), ("meets", Begin::Meets), ("succeeds", Begin::Succeeds)];

/// Starts a far process that plays `side` of the case.
pub(super) fn start(
    (transport, case): (&dyn Transport, &str),
    side: Side,
    place: &Scratch,
    number: usize,
    begin: Begin,
    inherited: Option<OwnedFd>,
) -> Process {
    let word = BEGINNINGS.iter().find(|(_, one)| *one == begin).map_or("", |(word, _)| word);
    let mut role = Role::new("suite-far").argument(transport.title()).argument(case);
    role = role.argument(if side == Side::Sender { "sender" } else { "receiver" });
    role = role.argument(place.to_string()).number(number as u64).argument(word);
    if let Some(fd) = inherited {
        role = role.pass_as(fd, INHERITED);
    }
    role.start()
}

/// Plays the far part: the role `suite-far TRANSPORT CASE SIDE PLACE NUMBER BEGIN`.
pub fn play_far(part: &role::Part) {
    let transport = transport::by_title(part.argument(0)).expect("a transport");
    let case = case(part.argument(1)).expect("a case");
    let side = if part.argument(2) == "sender" { Side::Sender } else { Side::Receiver };
    let begin = BEGINNINGS.iter().find(|(word, _)| *word == part.argument(5)).expect("a beginning").1;
    transport.prepare();
    let before = Inventory::of_self();
    let inherited = (begin == Begin::Inherits).then(|| part.descriptor(INHERITED));
    let place = Scratch::of(part.argument(3));
    let end = (begin != Begin::Succeeds).then(|| transport.join(&place, side, inherited));
    let number = usize::try_from(part.number(4)).expect("a number");
    let partner = Partner::Near(part.clone());
    let mut player = Player { case, transport, side, place, number, end, partner };
    player.play();
    if let Some(end) = player.end.take() {
        end.close();
    }
    // What it inherited was there before.
    let is_due = |change: &String| {
        !(begin == Begin::Inherits && change.starts_with("1 fewer: descriptor of") && !change.contains(';'))
    };
    if let Some(change) = left(transport, || Inventory::of_self().since(&before).filter(is_due)) {
        panic!("{player:?}, far: {change}");
    }
}
