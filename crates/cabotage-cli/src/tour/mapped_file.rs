// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory-mapped file: the same maps as those of shared memory, over a file.

use std::path::Path;

use cabotage::os::map::MapOptions;
use cabotage::shm::MappedFile;

use super::journal::Journal;
use super::litter;
use super::mechanism::{FarEnd, Invitation, Mechanism, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::shared::{Shared, map_bytes};
use crate::exit::Failure;
use crate::output;

#[derive(Debug)]
pub(crate) struct MappedFileMap;

static PAGE: Page = Page {
    name: "mapped-file",
    title: "Memory-mapped file",
    copies: 1,
    answers: Answers {
        way: Way::FullDuplex,
        parties: Parties::Unrelated,
        unit: Unit::Bytes,
        lives: "until the file is removed",
    },
    picture: Picture { object: "a file", stuff: "pages of the file's cache", how: How::Shared },
};

impl Mechanism for MappedFileMap {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure> {
        let bytes = map_bytes(window_bytes);
        let ((path, file), litter) = litter::make_directory(|directory| {
            let path = directory.join("map");
            let what = format!("create {} of {}", path.display(), output::bytes(bytes as u64));
            let file = journal.step(what, || MappedFile::create(&path, bytes))?;
            Ok((path, file))
        })?;
        let map = journal.step("map", || MapOptions::new().populated().read_write(&file, bytes))?;
        Ok(Offer {
            words: vec![path.into_os_string()],
            descriptors: Vec::new(),
            handles: Vec::new(),
            litter: Some(litter),
            connect: Box::new(|peer, _journal| Ok(Box::new(Shared::over(map, peer)))),
        })
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let path = Path::new(invitation.word(0)?);
        let file = journal.step("open", || MappedFile::open(path))?;
        journal.step("unlink", || litter::remove_with_directory(path))?;
        let bytes = file.bytes()?;
        let map = journal.step("map", || MapOptions::new().populated().read_write(&file, bytes))?;
        Ok(Box::new(Shared::over(map, invitation.peer)))
    }
}
