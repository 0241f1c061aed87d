// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of Mach's ports: checked in, given up, looked up.
//!
//! Whatever the point, a dead owner's name is in nobody's way, and one who has looked a port up and died has sent what
//! it has sent.

use cabotage_mach::bootstrap::LookUp;
use cabotage_mach::{Deadline, Outgoing, ReceiveRight};

use super::message;
use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage};
use crate::record::InOrder;
use crate::rights::{NAME, check_in, look, look_up, prepare, sweep};
use crate::scratch::Scratch;
use crate::watchdog::soon;

pub(in crate::crash::operations) const OPERATIONS: &[Operation] = &[
    Operation { name: "mach.check-in", set: |_| owner(checks_in) },
    Operation { name: "mach.give-name-up", set: |_| owner(gives_up) },
    Operation { name: "mach.look-up", set: looks_up },
];

fn checks_in(gate: &Gate<'_>) {
    gate.operation(|| check_in(gate.place, NAME).expect("a free name"));
}

fn gives_up(gate: &Gate<'_>) {
    let port = check_in(gate.place, NAME).expect("a free name");
    gate.operation(|| drop(port));
}

/// An owner that dies with its name.
fn owner(victim: fn(&Gate<'_>)) -> Result<Stage, Wrong> {
    prepare()?;
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        if LookUp::new().registry(&ground.place.registry()).look_up(NAME).is_ok() {
            return Err("a dead owner's port is found".into());
        }
        serves(check_in(ground.place, NAME)?, ground.place)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// One who looks a port up, sends to it, and dies.
fn looks_up(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    prepare()?;
    let port = check_in(ground.place, NAME)?;
    let victim = |gate: &Gate<'_>| {
        gate.operation(|| {
            let right = look_up(gate.place, NAME).expect("a port of this name");
            gate.notes.sending(0, || right.send_within(message(0), Deadline::Now)).expect("room");
            right
        });
    };
    let survivor = After(move |ground: &Ground<'_>, _: &mut Outcome| {
        let mut due = InOrder::from(0, 0);
        // It waits in the queue of the name, or further on.
        for _ in 0..16 {
            look();
            while let Ok(message) = port.try_receive() {
                due.take(message.body())?;
            }
        }
        ground.notes.check_received(due.next())?;
        // The name itself stands for one.
        match port.names().send_rights(port.name())? {
            1 => serves(port, ground.place),
            more => Err(format!("a dead sender's right is left: {more}").into()),
        }
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// The port of this name is found and hears what is sent; afterwards nothing is there.
fn serves(port: ReceiveRight, place: &Scratch) -> Result<(), Wrong> {
    let right = look_up(place, NAME)?;
    right.send_within(Outgoing::new(1_001), soon())?;
    if port.receive_within(soon())?.id() != 1_001 {
        return Err("somebody else's message comes".into());
    }
    drop((right, port));
    (0..16).for_each(|_| look());
    sweep(place)?;
    match std::fs::remove_dir_all(place.path("user")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
