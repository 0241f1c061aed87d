// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names: published, found, given up, taken over from the dead, listed, removed.

use cabotage_link::names::{ConnectOptions, Kind, Name, PublishOptions, Scope};
use cabotage_os::Deadline;

use super::Answer;
use super::ledger::shortly;
use crate::scratch::Scratch;

pub(super) fn a_name_is_published_found_and_given_up(place: &Scratch) -> Answer {
    let (registry, name) = (place.registry(), Name::parse("found")?);
    let published = registry.publish(Kind::Link, &name, PublishOptions::new(), shortly())?;
    let client = registry.connect(Kind::Link, &name, ConnectOptions::new(), shortly())?;
    let server = published.accept(shortly())?;
    client.send(b"ahoy", &[], shortly())?;
    let mut buffer = [0; 16];
    assert_eq!(server.receive(&mut buffer, shortly())?.bytes, 4);
    assert!(published.unpublish()?, "the name was ours");
    Ok(())
}

/// A name whose owner was killed, as the kernel leaves it: the socket and its lock file are there, and nobody has them.
fn leave_a_name(place: &Scratch, name: &Name) -> Answer {
    let directory = place.folder().join("user").join(Kind::Link.directory());
    let registry = place.registry();
    let published = registry.publish(Kind::Link, name, PublishOptions::new(), Deadline::Now)?;
    let kept = place.path("kept");
    std::fs::create_dir_all(&kept)?;
    for entry in std::fs::read_dir(&directory)? {
        let entry = entry?;
        let _ = std::fs::hard_link(entry.path(), kept.join(entry.file_name()));
    }
    drop(published);
    for entry in std::fs::read_dir(&kept)? {
        let entry = entry?;
        let _ = std::fs::rename(entry.path(), directory.join(entry.file_name()));
    }
    Ok(std::fs::remove_dir_all(&kept)?)
}

pub(super) fn a_name_of_a_dead_owner_is_taken_over(place: &Scratch) -> Answer {
    let (registry, name) = (place.registry(), Name::parse("inherited")?);
    leave_a_name(place, &name)?;
    let published = registry.publish(Kind::Link, &name, PublishOptions::new(), shortly())?;
    registry.connect(Kind::Link, &name, ConnectOptions::new(), shortly())?;
    published.accept(shortly())?;
    Ok(())
}

pub(super) fn names_are_listed_and_stale_ones_removed(place: &Scratch) -> Answer {
    let (registry, stale, living) = (place.registry(), Name::parse("stale")?, Name::parse("living")?);
    leave_a_name(place, &stale)?;
    let published = registry.publish(Kind::Link, &living, PublishOptions::new(), shortly())?;
    registry.list(Kind::Link)?;
    registry.remove_all_stale(Kind::Link, Scope::User, shortly())?;
    // Whatever failed: who lives keeps its name.
    registry.connect(Kind::Link, &living, ConnectOptions::new(), shortly())?;
    published.accept(shortly())?;
    Ok(())
}
