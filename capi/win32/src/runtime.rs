// SPDX-License-Identifier: MIT OR Apache-2.0
//! What this process has: its handles, who waits, its threads, and the pump. A forked child begins with nothing.

use std::sync::OnceLock;

use cabotage_c_support::home::Home;

use crate::failure::Answer;
use crate::handles::StandardHandles;
use crate::pump::Pump;
use crate::spawn::legacy;
use crate::table::Table;
use crate::threads::Threads;
use crate::wait::Dispatcher;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Runtime {
    pub(crate) table: Table,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) threads: Threads,
    pub(crate) pump: Pump,
    pub(crate) standard: StandardHandles,
    adopted: OnceLock<()>,
}

static HOME: Home<Runtime> = Home::new();

/// That of this process; with the first call come the handles that its parent has let it inherit.
///
/// # Errors
/// The system has no memory.
pub(crate) fn here() -> Answer<&'static Runtime> {
    let runtime = HOME.get_or(Runtime::default)?;
    runtime.adopted.get_or_init(|| legacy::adopt(runtime));
    Ok(runtime)
}
