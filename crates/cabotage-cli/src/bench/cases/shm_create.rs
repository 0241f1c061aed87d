// SPDX-License-Identifier: MIT OR Apache-2.0
//! `shm.create`: an object of one page is created, mapped and removed. Ours is complete and mapped before it is
//! visible; the limit is the bare calls, which show it at size 0 first.

use std::path::{Path, PathBuf};

use cabotage::os::raw;
use cabotage::shm::{Name, Object};

use crate::bench::case::{Case, Result, Subject};
use crate::bench::work::Work;
use crate::scratch::{Maker, Scratch};

pub(super) const CASE: Case = Case {
    name: "shm.create",
    about: "create, map and unlink a shared memory object of one page",
    bytes: BYTES,
    subject: Subject::work::<Ours>(),
    limit: Some(Subject::work::<Bare>()),
};

struct Ours {
    name: Name,
    _scratch: Scratch,
}

impl Work for Ours {
    fn prepare() -> Result<Self> {
        let scratch = scratch()?;
        Ok(Self { name: Name::parse(format!("/{}", scratch.object_beside()))?, _scratch: scratch })
    }

    fn once(&mut self) -> Result<()> {
        let (object, map) = Object::options().create_mapped(&self.name, BYTES)?;
        drop(map);
        drop(object);
        Ok(cabotage::shm::unlink(&self.name)?)
    }
}

struct Bare {
    path: PathBuf,
    _scratch: Scratch,
}

impl Work for Bare {
    fn prepare() -> Result<Self> {
        let scratch = scratch()?;
        Ok(Self { path: Path::new(PLACE).join(scratch.object_beside()), _scratch: scratch })
    }

    fn once(&mut self) -> Result<()> {
        Ok(raw::shm_life(&self.path, BYTES)?)
    }
}

/// Two benchmarks at once do not meet, and what a killed one leaves is known for what it is.
fn scratch() -> Result<Scratch> {
    Scratch::make_in(Path::new(PLACE), Maker::Bench)
}

const PLACE: &str = "/dev/shm";
const BYTES: usize = 4096;
