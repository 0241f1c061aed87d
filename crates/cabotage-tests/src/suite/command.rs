// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage-tests suite`: runs the cases, and states how many there are.

use clap::Args;

use super::run::{print_count, run_all};

/// Runs the conformance suite over every transport
#[derive(Debug, Args)]
pub struct Suite {
    /// Only say how many cases there are, and why some say nothing about a transport
    #[arg(long)]
    count: bool,
    /// Only transports whose name contains this
    #[arg(long, default_value = "", hide_default_value = true)]
    transport: String,
    /// Only cases whose name contains this
    #[arg(long, default_value = "", hide_default_value = true)]
    case: String,
}

impl Suite {
    /// Does it; answers whether every case holds.
    pub fn run(&self) -> bool {
        if self.count {
            print_count();
            return true;
        }
        run_all(&self.transport, &self.case)
    }
}
