// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.port`: a port is allocated and destroyed, among a thousand that stay. No descriptor and no system call.

use cabotage::mach::ReceiveRight;

use crate::bench::case::{Case, Result, Subject};
use crate::bench::work::Work;

pub(super) const CASE: Case = Case {
    name: "mach.port",
    about: "allocate a Mach port and destroy it",
    bytes: 0,
    subject: Subject::work::<Life>(),
    limit: None,
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

const OTHERS: usize = 1000;
