// SPDX-License-Identifier: MIT OR Apache-2.0
//! The near process of a case: it opens its end, starts the far process, plays, and sees what is left over.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::Case;
use super::far::{self, Begin};
use super::player::{Partner, Player};
use super::soon;
use super::table::case;
use crate::inventory::Inventory;
use crate::process::Process;
use crate::role;
use crate::scratch::Scratch;
use crate::transport::{self, End, Side, Transport};

/// Plays a case over a transport: the role `suite-near TRANSPORT CASE`.
///
/// # Panics
/// If the case fails.
pub fn play_near(part: &role::Part) {
    let (title, name) = (part.argument(0), part.argument(1));
    let transport = transport::by_title(title).unwrap_or_else(|| panic!("there is no transport {title}"));
    let case = case(name).unwrap_or_else(|| panic!("there is no case {name}"));
    transport.prepare();
    for side in case.sides_of_the_near_one() {
        play_once(transport, case, *side);
    }
}

fn play_once(transport: &'static dyn Transport, case: &'static Case, side: Side) {
    let place = Scratch::new();
    let before = Inventory::of_self().and_place(&place);
    let partner = Partner::Far(Vec::new());
    let mut player = Player { case, transport, side, place, number: 0, end: None, partner };
    player.end = Some(player.open());
    player.play();
    if let Some(end) = player.end.take() {
        end.close();
    }
    player.dismiss();
    transport.clean(&player.place);
    let change = || Inventory::of_self().and_place(&player.place).since(&before);
    if let Some(change) = left(transport, change) {
        panic!("{player:?}, near: {change}");
    }
}

/// What has changed, by this account, when everything has come to rest.
pub(super) fn left(transport: &dyn Transport, change: impl Fn() -> Option<String>) -> Option<String> {
    let patience = soon();
    loop {
        let takes_a_while = transport.settle();
        let change = change()?;
        if !takes_a_while || patience.has_passed() {
            return Some(change);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

impl Player {
    /// Opens an end of this process's side at its place, with a far process of its own.
    pub(super) fn open(&mut self) -> Box<dyn End> {
        self.open_at(&Scratch::of(&self.place.to_string()))
    }

    /// Opens an end of this process's side, with a far process of its own.
    pub(super) fn open_at(&mut self, place: &Scratch) -> Box<dyn End> {
        let (transport, case, side) = (self.transport, self.case.name, self.side.other());
        let home = self.place.folder();
        let Partner::Far(processes) = &mut self.partner else { panic!("the far process opens no place") };
        let mut start = |inherited: Option<OwnedFd>| {
            let begin = if inherited.is_some() { Begin::Inherits } else { Begin::Meets };
            let number = if place.folder() == home { processes.len() } else { 0 };
            processes.push(far::start((transport, case), side, place, number, begin, inherited));
        };
        transport.open(place, self.side, &mut start)
    }

    /// Starts one more far process at the same place, which takes it over.
    pub(super) fn start_successor(&mut self) {
        let (of, side) = ((self.transport, self.case.name), self.side.other());
        let Partner::Far(processes) = &mut self.partner else { panic!("the far process has no successor") };
        let number = processes.len();
        processes.push(far::start(of, side, &self.place, number, Begin::Succeeds, None));
    }

    /// The far process that was started last.
    pub(super) fn far(&mut self) -> &mut Process {
        let Partner::Far(processes) = &mut self.partner else { panic!("this is the far process") };
        processes.last_mut().expect("a far process")
    }

    /// Speaks to the far process that was started first again.
    pub(super) fn turn_to_the_first(&mut self) {
        let Partner::Far(processes) = &mut self.partner else { panic!("this is the far process") };
        processes.rotate_left(1);
    }

    /// Every far process must have ended well, or been killed where the case kills.
    fn dismiss(&mut self) {
        let is_victim = self.case.victim.is_some();
        let Partner::Far(processes) = &mut self.partner else { return };
        for process in processes.iter_mut() {
            process.close_orders();
            let exit = process.end();
            let was_killed = is_victim && exit == cabotage_os::process::Exit::Signal(9);
            assert!(was_killed || exit == cabotage_os::process::Exit::Code(0), "the far process: {exit:?}");
        }
        processes.clear();
    }
}
