// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--any-owner`: whether a FIFO may be one that somebody else planted.

use std::path::Path;

use cabotage::pipe::fifo::{Fifo, OpenError};

use crate::exit::{Exit, Failure};

/// Whose FIFO may be opened.
#[derive(Debug, clap::Args)]
pub(crate) struct Whose {
    /// fifo: open it even if another user made it in a folder where everybody may, such as /tmp
    #[arg(long)]
    any_owner: bool,
}

impl Whose {
    /// The FIFO at `path`, if it may be opened.
    pub(crate) fn fifo(&self, path: &Path) -> Result<Fifo, Failure> {
        if self.any_owner {
            return Ok(Fifo::at_any_owner(path)?);
        }
        Fifo::at(path).map_err(|error| match error {
            OpenError::Planted { path, owner } => Failure::new(
                Exit::Denied,
                format!(
                    "user {owner} made the FIFO {} in a folder where everybody may: if that is meant, add --any-owner",
                    path.display()
                ),
            ),
            error => error.into(),
        })
    }
}
