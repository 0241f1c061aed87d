// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared memory objects and mapped files.

use std::path::Path;

use cabotage_shm::{Directory, MappedFile, Name, Object, ObjectError};

use super::Answer;
use crate::scratch::Scratch;

pub(super) fn an_object_is_created_filled_read_grown_and_removed(place: &Scratch) -> Answer {
    let name = Name::parse(place.object("object"))?;
    let made = life(&name);
    // Whatever failed: what is there is whole, and goes.
    let is_gone = || matches!(cabotage_shm::unlink(&name), Ok(()) | Err(ObjectError::Missing { .. }));
    assert!(is_gone() || is_gone(), "an object that cannot be removed");
    made
}

fn life(name: &Name) -> Answer {
    let object = Object::create(name, 5_000)?;
    object.write_at(4_990, b"ahoy")?;
    let again = Object::open_read_only(name)?;
    let mut text = [0; 4];
    again.read_at(4_990, &mut text)?;
    assert_eq!(&text, b"ahoy");
    object.grow(9_000)?;
    let map = object.map()?;
    map.copy_from(8_990, b"more")?;
    again.read_at(8_990, &mut text)?;
    assert_eq!(&text, b"more");
    object.unlink_if_mine()?;
    Ok(())
}

pub(super) fn an_object_is_listed_and_what_the_dead_left_is_cleaned(place: &Scratch) -> Answer {
    let directory = Directory::open(place.folder())?;
    let name = Name::parse("listed")?;
    let (object, _) = Object::options().directory(&directory).open_or_create(&name, 100)?;
    assert!(directory.list()?.iter().any(|entry| entry.name == name), "a living object is listed");
    directory.clean()?;
    assert!(object.is_linked()?, "a living object is not cleaned away");
    directory.unlink(&name)?;
    Ok(())
}

pub(super) fn a_file_is_mapped_written_and_read(place: &Scratch) -> Answer {
    let path = place.path("file");
    let written = write_and_read(&path);
    let _ = std::fs::remove_file(path);
    written
}

fn write_and_read(path: &Path) -> Answer {
    let file = MappedFile::create(path, 6_000)?;
    let map = file.map()?;
    map.copy_from(5_000, b"ahoy")?;
    file.sync()?;
    let mut text = [0; 4];
    MappedFile::open_read_only(path)?.map_read_only()?.copy_to(5_000, &mut text)?;
    assert_eq!(&text, b"ahoy");
    Ok(())
}
