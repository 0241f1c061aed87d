// SPDX-License-Identifier: MIT OR Apache-2.0
//! `shm.create`: an object of one page is created, mapped and removed. Ours is complete and mapped before it is
//! visible; the limit is the bare calls, which show it at size 0 first.

use std::path::PathBuf;

use cabotage::os::raw;
use cabotage::shm::{Name, Object};

use crate::bench::case::{Case, Result, Subject};
use crate::bench::work::Work;

pub(super) const CASE: Case = Case {
    name: "shm.create",
    about: "create, map and unlink a shared memory object of one page",
    bytes: BYTES,
    subject: Subject::work::<Ours>(),
    limit: Some(Subject::work::<Bare>()),
};

struct Ours {
    name: Name,
}

impl Work for Ours {
    fn prepare() -> Result<Self> {
        Ok(Self { name: Name::parse(format!("/{}", file_name()))? })
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
}

impl Work for Bare {
    fn prepare() -> Result<Self> {
        Ok(Self { path: PathBuf::from("/dev/shm").join(file_name()) })
    }

    fn once(&mut self) -> Result<()> {
        Ok(raw::shm_life(&self.path, BYTES)?)
    }
}

/// Two benchmarks at once do not meet: this is another process each time.
fn file_name() -> String {
    format!("cabotage-bench-{}", std::process::id())
}

const BYTES: usize = 4096;
