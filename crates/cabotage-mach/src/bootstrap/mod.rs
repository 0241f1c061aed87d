// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of services without a server: a service checks in under a name, and whoever looks it up has a send right.
//!
//! A name is a listening socket in a directory ([`cabotage_link::names`]). Its mode and group say who may look it up, and
//! who that is the service learns from the kernel. A look-up is a connection, which is the send right; the name itself
//! counts as another one for as long as it is there. It goes with its port, and a service that was killed leaves a name
//! that the next one takes over.
//!
//! Beside that there is the textbook's [server of names](Server), for those who want namespaces in one another, names that
//! outlive a planned restart of their service, or services that are started on demand. It is asked by a [bootstrap
//! port](Bootstrap).

mod check_in;
mod client;
mod code;
mod keeper;
mod look_up;
mod protocol;
mod server;

use cabotage_link::names::Name;

pub use check_in::CheckIn;
pub use client::Bootstrap;
pub use code::BootstrapCode;
pub use keeper::Keeper;
pub use look_up::LookUp;
pub use protocol::Status;
pub use server::{Server, ServerError, ServerOptions, ServiceFileError};

use crate::error::BootstrapError;
use crate::rights::{ReceiveRight, SendRight};

/// The longest name of a service, in bytes.
///
/// # Source
/// launchd, servers/bootstrap.h: `BOOTSTRAP_MAX_NAME_LEN` counts the zero behind it.
pub const NAME_BYTES_MAX: usize = 127;

/// The name of the server of names itself, in each scope.
pub const SERVER_NAME: &str = "cabotage.bootstrap";

/// Checks in under a name, for the processes of this user: a new port of this task, which they find by it.
///
/// ```no_run
/// let log = cabotage_mach::check_in("com.example.log")?;
/// for message in log.messages() {
///     println!("{}", message?.text()?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`BootstrapError`]: a living process has the name, or it is none.
pub fn check_in(name: &str) -> Result<ReceiveRight, BootstrapError> {
    CheckIn::new().check_in(name)
}

/// A right to send to the service of this name: in the scope of this user, or in that of the system.
///
/// ```no_run
/// let log = cabotage_mach::look_up("com.example.log")?;
/// log.send("hello")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`BootstrapError`]: nobody has the name, or this user may not connect.
pub fn look_up(name: &str) -> Result<SendRight, BootstrapError> {
    LookUp::new().look_up(name)
}

fn parse(name: &str) -> Result<Name, BootstrapError> {
    if name.len() > NAME_BYTES_MAX {
        return Err(BootstrapError::NameTooLong { bytes: name.len() });
    }
    Ok(name.parse::<Name>()?)
}
