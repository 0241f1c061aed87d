// SPDX-License-Identifier: MIT OR Apache-2.0
//! POSIX shared memory: an object with a name, mapped by both.

use cabotage::os::map::MapOptions;
use cabotage::shm::{self, Name, Object};

use super::journal::Journal;
use super::litter::{self, Leaving};
use super::mechanism::{FarEnd, Invitation, Mechanism, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::shared::{Shared, map_bytes};
use crate::exit::Failure;
use crate::{output, scratch};

#[derive(Debug)]
pub(crate) struct PosixShm;

static PAGE: Page = Page {
    name: "posix-shm",
    title: "POSIX shared memory",
    copies: 1,
    answers: Answers {
        way: Way::FullDuplex,
        parties: Parties::Unrelated,
        unit: Unit::Bytes,
        lives: "until unlinked and unmapped by all",
    },
    picture: Picture { object: "/cabotage-tour-…", stuff: "pages of memory", how: How::Shared },
};

impl Mechanism for PosixShm {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure> {
        let name = Name::parse(litter::unique_name()?)?;
        let bytes = map_bytes(window_bytes);
        let create = || scratch::create_object(&name, bytes);
        let what = format!("create {name} of {}", output::bytes(bytes as u64));
        let (object, litter) = journal.step(what, || litter::make(Leaving::Object(name.clone()), create))?;
        let map = journal.step("map", || MapOptions::new().populated().read_write(&object, bytes))?;
        Ok(Offer {
            words: vec![name.to_string().into()],
            descriptors: Vec::new(),
            handles: Vec::new(),
            litter: Some(litter),
            connect: Box::new(|peer, _journal| Ok(Box::new(Shared::over(map, peer)))),
        })
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let name = Name::parse(invitation.word(0)?.as_encoded_bytes())?;
        let object = journal.step("open", || Object::open(&name))?;
        journal.step("unlink", || shm::unlink(&name))?;
        let bytes = object.bytes()?;
        let map = journal.step("map", || MapOptions::new().populated().read_write(&object, bytes))?;
        Ok(Box::new(Shared::over(map, invitation.peer)))
    }
}
