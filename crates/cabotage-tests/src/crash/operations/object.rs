// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared memory objects: a name stands for a whole object or for none, whenever its creator dies.

use cabotage_shm::{Name, Object, ObjectError};

use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage};
use crate::record::Mark;
use crate::scratch::Scratch;

const BYTES: usize = 6_000;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "object.create", set: create },
    Operation { name: "object.open", set: open },
    Operation { name: "object.grow", set: grow },
    Operation { name: "object.remove", set: remove },
];

fn name(place: &Scratch) -> Name {
    Name::parse(place.object("object")).expect("a name")
}

/// A whole object under the name, as the creator fills it.
fn make(place: &Scratch) -> Result<Object, ObjectError> {
    make_of(place, &contents())
}

fn make_of(place: &Scratch, contents: &[u8]) -> Result<Object, ObjectError> {
    Object::options().create_filled(&name(place), BYTES, |object| object.write_at(0, contents))
}

fn contents() -> Vec<u8> {
    Mark { stream: 7, number: 7 }.record(BYTES)
}

/// The object, whole; it is removed then.
fn check_whole(object: &Object, bytes_max: usize) -> Result<(), Wrong> {
    let bytes = object.bytes()?;
    if ![BYTES, bytes_max].contains(&bytes) {
        return Err(format!("an object has {bytes} bytes").into());
    }
    let mut body = vec![0; BYTES];
    object.read_at(0, &mut body)?;
    Mark::of(&body)?;
    Ok(object.unlink_if_mine()?)
}

fn create(_: &Ground<'_>) -> Result<Stage, Wrong> {
    let victim = |gate: &Gate<'_>| {
        let contents = contents();
        gate.operation(|| gate.notes.doing(|| make_of(gate.place, &contents)));
    };
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        match Object::open(&name(ground.place)) {
            Ok(object) => check_whole(&object, BYTES)?,
            Err(ObjectError::Missing { .. }) if !ground.notes.is_done() => {}
            Err(error) => return Err(error.into()),
        }
        check_whole(&make(ground.place)?, BYTES)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

fn open(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let object = make(ground.place)?;
    let victim = |gate: &Gate<'_>| {
        let name = name(gate.place);
        gate.operation(|| Object::open(&name).map(|object| object.map().map(|map| (object, map))));
    };
    let survivor = After(move |_: &Ground<'_>, _: &mut Outcome| check_whole(&object, BYTES));
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

fn grow(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let object = make(ground.place)?;
    let victim = |gate: &Gate<'_>| {
        let object = Object::open(&name(gate.place)).expect("an object");
        gate.operation(|| gate.notes.doing(|| object.grow(4 * BYTES)));
    };
    let survivor = After(move |ground: &Ground<'_>, _: &mut Outcome| {
        if ground.notes.is_done() && object.bytes()? != 4 * BYTES {
            return Err("a grown object is small".into());
        }
        check_whole(&object, 4 * BYTES)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// A careful removal takes the name aside and looks twice: it may leave a file that `clean` finds.
fn remove(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    drop(make(ground.place)?);
    let victim = |gate: &Gate<'_>| {
        let object = Object::open(&name(gate.place)).expect("an object");
        gate.operation(|| gate.notes.doing(|| object.unlink_if_mine()));
    };
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        match Object::open(&name(ground.place)) {
            Ok(_) if ground.notes.is_done() => return Err("a removed object is still there".into()),
            Ok(object) => check_whole(&object, BYTES)?,
            Err(ObjectError::Missing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        check_whole(&make(ground.place)?, BYTES)?;
        cabotage_shm::Directory::open("/dev/shm")?.clean()?;
        Ok(())
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}
