// SPDX-License-Identifier: MIT OR Apache-2.0
//! `link.idle`: 64 bytes to and fro over one busy link of a server that holds thousands of idle ones; the limit is
//! the same with a server that holds none.
//!
//! The idle links have had traffic, and are held by a few other processes. What they cost the server is counted
//! before and after they came.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use cabotage::link::names::ConnectOptions;
use cabotage::link::{Deadline, Link, Options};
use cabotage::os::limits;

use super::link_ends;
use super::link_server::{BYTES, LAST, MEASURE, Server, Totals};
use crate::bench::case::{Case, Far, Holdings, Measured, Near, NearEnd, Place, Result, Setting, Subject};
use crate::bench::clock;
use crate::bench::meeting::{Invitation, registry};
use crate::bench::note::Note;
use crate::bench::peer::Peer;
use crate::exit::Failure;

pub(super) const CASE: Case = Case {
    name: "link.idle",
    about: "64 bytes to and fro over a link, while its server holds thousands of idle ones (--links)",
    bytes: BYTES,
    subject: Subject { near: among_many, far, place: Place::Apart },
    limit: Some(Subject { near: alone, far, place: Place::Apart }),
};

fn among_many(setting: Setting) -> Result<NearEnd> {
    near(setting, setting.plan.links)
}

fn alone(setting: Setting) -> Result<NearEnd> {
    near(setting, 0)
}

fn near(setting: Setting, links: u32) -> Result<NearEnd> {
    check(links)?;
    let (link, mut descriptors) = link_ends::near(Options::new())?;
    let (invitation, meeting) = Invitation::new()?;
    descriptors.push(meeting);
    let Setting { case, role, .. } = setting;
    let start = |share| {
        let (_, note) = Note::leave(&invitation.path().display().to_string())?;
        let clients = Peer::start(case, role, &[], vec![note])?;
        Ok((clients, share))
    };
    let clients = shares(links).map(start).collect::<Result<_>>()?;
    Ok((Box::new(Busy { link, clients, _invitation: invitation, holdings: None }), descriptors))
}

/// Whether a process may have so many descriptors.
fn check(links: u32) -> Result<()> {
    let allowed = limits::descriptors()?.hard;
    let fits = u64::from(links) + SPARE_DESCRIPTORS <= allowed;
    fits.then_some(()).ok_or_else(|| {
        Failure::usage(format!(
            "{links} links do not fit: a process may have {allowed} descriptors here (ulimit -Hn); ask for fewer by \
             --links"
        ))
    })
}

/// How many links each process of clients holds.
fn shares(links: u32) -> impl Iterator<Item = u32> {
    let processes = links.div_ceil(LINKS_PER_PROCESS).max(PROCESSES_MIN);
    (0..processes)
        .map(move |number| links / processes + u32::from(number < links % processes))
        .filter(|&share| share > 0)
}

/// The server with its two descriptors, or clients with one.
fn far(mut descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    limits::raise_descriptors()?;
    let last = descriptors.pop().ok_or_else(|| Failure::usage("some descriptors are needed here"))?;
    if descriptors.is_empty() {
        return Ok(Box::new(Clients { path: Note::read(last)?.words().into(), links: Vec::new() }));
    }
    Ok(Box::new(Server::new(link_ends::far(descriptors, Options::new())?, last)?))
}

/// Who holds the busy link.
struct Busy {
    link: Link,
    /// Processes that have not connected yet, each with how many links it will have; then all of them, with none.
    clients: Vec<(Peer, u32)>,
    _invitation: Invitation,
    holdings: Option<Holdings>,
}

impl Busy {
    /// Lets the clients come, once, and counts what the server holds for them.
    fn fill(&mut self) -> Result<()> {
        let links: u32 = self.clients.iter().map(|(_, share)| share).sum();
        if links == 0 {
            return Ok(());
        }
        let before = self.measure()?;
        for (clients, share) in &mut self.clients {
            clients.begin(*share)?;
        }
        for (clients, share) in &mut self.clients {
            clients.answer()?;
            *share = 0;
        }
        self.holdings = Some(self.measure()?.since(before).among(links));
        Ok(())
    }

    fn measure(&mut self) -> Result<Totals> {
        let mut message = [MEASURE; BYTES];
        link_ends::call(&mut self.link, &mut message)?;
        Ok(Totals::parse(&message))
    }
}

impl Near for Busy {
    fn round(&mut self, operations: u32, _peer: &Peer) -> Result<Measured> {
        self.fill()?;
        let mut message = [0; BYTES];
        for _ in 0..LEAD {
            link_ends::call(&mut self.link, &mut message)?;
        }
        let mut samples = Vec::with_capacity(operations as usize);
        let mut before = Instant::now();
        for _ in 0..operations {
            link_ends::call(&mut self.link, &mut message)?;
            let after = Instant::now();
            samples.push(clock::between(before, after));
            before = after;
        }
        link_ends::call(&mut self.link, &mut [LAST; BYTES])?;
        Ok(Measured::Latencies(samples))
    }

    fn holdings(&self) -> Option<Holdings> {
        self.holdings
    }
}

/// A process that holds many links and does nothing with them any more.
struct Clients {
    path: std::path::PathBuf,
    links: Vec<Link>,
}

impl Far for Clients {
    /// One round: so many more links, each with messages each way.
    fn round(&mut self, operations: u32) -> Result<Vec<u32>> {
        let (registry, name) = registry(&self.path)?;
        for _ in 0..operations {
            let (how, patience) = (ConnectOptions::new().wait_for_name(), Deadline::within(PATIENCE));
            let mut link = Link::connect_in(&registry, &name, how, Options::new(), patience)?;
            for _ in 0..24 {
                // So many that both ends have made their memory, and not only talked over the socket.
                link_ends::call(&mut link, &mut [0; BYTES])?;
            }
            self.links.push(link);
        }
        Ok(vec![operations])
    }
}

const SPARE_DESCRIPTORS: u64 = 64;
const LINKS_PER_PROCESS: u32 = 5_000;
const PROCESSES_MIN: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(30);
/// Trips before the timed ones: the far end may still be waking up.
const LEAD: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_share_all_links() {
        let shares = |links| shares(links).collect::<Vec<_>>();
        assert_eq!(shares(10_000), [5_000, 5_000]);
        assert_eq!(shares(10_001), [3_334, 3_334, 3_333]);
        assert_eq!(shares(1), [1]);
        assert_eq!(shares(0), [0; 0]);
    }
}
