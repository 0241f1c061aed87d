// SPDX-License-Identifier: MIT OR Apache-2.0
//! `limit.memcpy`: one copy of 1 MiB within a process. What moves bytes by copying them once can't be faster.

use std::hint::black_box;

use crate::bench::case::{Case, Result, Subject};
use crate::bench::work::Work;

pub(super) const CASE: Case = Case {
    name: "limit.memcpy",
    about: "a copy of 1 MiB within one process",
    bytes: BYTES,
    subject: Subject::paced_work::<Copy>(),
    limit: None,
};

struct Copy {
    source: Vec<u8>,
    target: Vec<u8>,
}

impl Work for Copy {
    fn prepare() -> Result<Self> {
        Ok(Self { source: vec![7; BYTES], target: vec![0; BYTES] })
    }

    #[inline]
    fn once(&mut self) -> Result<()> {
        black_box(&mut self.target).copy_from_slice(black_box(&self.source));
        black_box(&self.target);
        Ok(())
    }
}

const BYTES: usize = 1 << 20;
