// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of Mach at a place of a test's own: checked in, looked up, and what a process has of Mach for its whole life.

use cabotage_link::names::{Kind, Scope};
use cabotage_mach::bootstrap::{CheckIn, LookUp};
use cabotage_mach::{AnyRight, Carried, Message, ReceiveRight, SendRight};

use crate::Wrong;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The name of a port where there is one: each test has a place of its own.
pub(crate) const NAME: &str = "port";

/// Makes what a process makes with its first port and keeps: its task, and what looks after links to others.
///
/// # Errors
/// The system's refusal.
pub(crate) fn prepare() -> Result<(), Wrong> {
    ReceiveRight::new()?.descriptor().map(drop).map_err(Into::into)
}

/// Takes what has come from other processes, as any call that receives does.
pub(crate) fn look() {
    let _ = ReceiveRight::new().map(|port| port.try_receive());
}

/// A port under this name.
///
/// # Errors
/// What Mach or the system says.
pub(crate) fn check_in(place: &Scratch, name: &str) -> Result<ReceiveRight, Wrong> {
    Ok(CheckIn::new().registry(&place.registry()).check_in(name)?)
}

/// A right to the port of this name, which may come yet.
///
/// # Errors
/// What Mach or the system says.
pub(crate) fn look_up(place: &Scratch, name: &str) -> Result<SendRight, Wrong> {
    Ok(LookUp::new().registry(&place.registry()).wait(soon()).look_up(name)?)
}

/// The rights that a message brought, in its sender's order.
pub(crate) fn brought(message: &mut Message) -> impl Iterator<Item = AnyRight> + use<> {
    message.take_carried().into_iter().filter_map(|carried| match carried {
        Carried::Right(right) => Some(right),
        _ => None,
    })
}

/// Takes away the names that killed owners have left.
///
/// # Errors
/// The system's refusal.
pub(crate) fn sweep(place: &Scratch) -> Result<(), Wrong> {
    for scope in [Scope::User, Scope::System] {
        place.registry().remove_all_stale(Kind::Mach, scope, soon())?;
    }
    Ok(())
}
