// SPDX-License-Identifier: MIT OR Apache-2.0
//! Anonymous pipes on the Windows face, between real processes: each rule has a test that is named after it.

mod child;
mod inheriting;
mod lists;
mod reading;
mod refusals;

use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const IMPATIENCE: Duration = Duration::from_millis(20);
