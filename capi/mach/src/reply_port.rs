// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a thread is answered: one port for the stubs that MIG generates, and one for those who ask for it by name. Each
//! thread keeps its own; it goes with the thread.

use std::cell::Cell;
use std::thread::LocalKey;

use cabotage_mach::{Name, Names, ReceiveRight, Right};

use crate::here::names;

thread_local! {
    static OF_STUBS: Cell<Option<ReceiveRight>> = const { Cell::new(None) };
    static SPECIAL: Cell<Option<ReceiveRight>> = const { Cell::new(None) };
}

/// That of stubs.
pub(crate) fn of_stubs() -> u32 {
    kept(&OF_STUBS)
}

/// The other.
pub(crate) fn special() -> u32 {
    kept(&SPECIAL)
}

/// Somebody may still answer to the stubs' port: it goes.
pub(crate) fn give_up_of_stubs(port: u32) {
    give_up(&OF_STUBS, port);
}

/// The same of the other.
pub(crate) fn give_up_special(port: u32) {
    give_up(&SPECIAL, port);
}

fn kept(place: &'static LocalKey<Cell<Option<ReceiveRight>>>) -> u32 {
    let Ok(names) = names() else { return 0 };
    let port = place.try_with(Cell::take).ok().flatten();
    // A forked child, or a program that has destroyed the port by its name, needs another.
    let port = port.filter(|port| port.names() == names && is_there(names, port.name()));
    let Some(port) = port.or_else(|| fresh(names)) else { return 0 };
    let name = port.name().as_raw();
    let _ = place.try_with(|kept| kept.set(Some(port)));
    name
}

fn is_there(names: Names, name: Name) -> bool {
    names.type_of(name).is_ok_and(|types| types.has(Right::Receive))
}

fn fresh(names: Names) -> Option<ReceiveRight> {
    ReceiveRight::from_raw(names, names.allocate(Right::Receive).ok()?).ok()
}

fn give_up(place: &'static LocalKey<Cell<Option<ReceiveRight>>>, port: u32) {
    let kept = place.try_with(Cell::take).ok().flatten();
    match kept {
        Some(kept) if kept.name().as_raw() == port || port == 0 => drop(kept),
        kept => {
            let _ = place.try_with(|place| place.set(kept));
            if let Ok(names) = names() {
                let _ = names.modify_references(Name::from_raw(port), Right::Receive, -1);
            }
        }
    }
}
