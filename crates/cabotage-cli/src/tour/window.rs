// SPDX-License-Identifier: MIT OR Apache-2.0
//! The part of the file that is on its way, in memory of the parent's own.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Window(Vec<u8>);

impl Window {
    /// Reads up to `bytes` bytes of the file in place of what is there; answers how many.
    pub(crate) fn fill(&mut self, file: &File, bytes: usize) -> io::Result<usize> {
        self.0.clear();
        file.take(bytes as u64).read_to_end(&mut self.0)
    }
}

impl Deref for Window {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
