// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.port`: a port is allocated and destroyed, among a thousand that stay: no descriptor and no system
//! call. The limit is an eventfd, made and closed.

use cabotage::mach::ReceiveRight;
use cabotage::os::raw;

use crate::bench::case::{Case, Result, Subject};
use crate::bench::work::Work;

pub(super) const CASE: Case = Case {
    name: "mach.port",
    about: "allocate a Mach port and destroy it",
    bytes: 0,
    subject: Subject::work::<Life>(),
    limit: Some(Subject::work::<Bare>()),
};

struct Life {
    _others: Vec<ReceiveRight>,
}

impl Work for Life {
    fn prepare() -> Result<Self> {
        let others = (0..OTHERS).map(|_| ReceiveRight::new());
        Ok(Self { _others: others.collect::<std::result::Result<_, _>>()? })
    }

    fn once(&mut self) -> Result<()> {
        drop(ReceiveRight::new()?);
        Ok(())
    }
}

/// The smallest object that the kernel itself makes.
struct Bare;

impl Work for Bare {
    fn prepare() -> Result<Self> {
        Ok(Self)
    }

    fn once(&mut self) -> Result<()> {
        drop(raw::eventfd()?);
        Ok(())
    }
}

const OTHERS: usize = 1000;
