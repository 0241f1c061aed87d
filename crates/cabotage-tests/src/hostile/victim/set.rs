// SPDX-License-Identifier: MIT OR Apache-2.0
//! The set of links behind the victim's name.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::PoisonError;

use cabotage_link::quota::Amounts;
use cabotage_link::{Deadline, Event, Key, Letter, Link, LinkSet, Listener, Parcel, SendError, Wait};
use cabotage_os::seam;

use super::{EMPTY, FILL, FORGET, PAIR, REPORT, Victim, alone, answer};
use crate::hostile::report::{End, Report, processor_ns};

/// How many ends one report tells: so few that it fits the first ring, and the honest link needs no more memory.
const ENDS_AT_ONCE: usize = 8;

/// Serves until it is killed.
pub(super) fn serve(victim: &Victim, listener: Listener, supervisor: i32, wait: Wait) {
    let mut set = LinkSet::new().expect("a set");
    set.set_wait(wait);
    set.listen(listener).expect("a listener in a set");
    let mut server =
        Server { victim: victim.clone(), supervisor, peers: HashMap::new(), table: None, messages: 0 };
    loop {
        let (key, letter) = match set.receive(Deadline::Never) {
            Ok(Event::Message(key, message)) => (key, message.into_letter()),
            Ok(Event::Ended(key, error)) => {
                let pid = server.peers.remove(&key).unwrap_or(0);
                server.victim.note(End::new(pid, &error));
                server.fill_up();
                continue;
            }
            Ok(_) => continue,
            Err(error) => panic!("the set of the victim: {error}"),
        };
        server.messages += 1;
        let Some(link) = set.get_mut(key) else { continue };
        // What goes wrong with a link is told by its end.
        let _ = server.serve(key, link, &letter);
        drop(letter);
        server.fill_up();
    }
}

struct Server {
    victim: Victim,
    supervisor: i32,
    peers: HashMap<Key, i32>,
    /// What fills the table of descriptors, while that is asked for.
    table: Option<Vec<OwnedFd>>,
    messages: u64,
}

impl Server {
    fn serve(&mut self, key: Key, link: &mut Link, letter: &Letter) -> Result<(), SendError> {
        let pid = link.with_peer(|peer| peer.pid()).unwrap_or(0);
        self.peers.insert(key, pid);
        if letter.bytes == PAIR {
            let far = alone::serve(&self.victim).expect("a pair");
            let far: Option<OwnedFd> = far.into_fd();
            let parcel = far.into_iter().fold(Parcel::new(PAIR), Parcel::descriptor);
            return super::send(link, parcel);
        }
        if pid != self.supervisor {
            return answer(link, letter);
        }
        match &letter.bytes[..] {
            REPORT => link.send(self.report().to_string().as_bytes(), Deadline::Never),
            FORGET => {
                self.victim.ends.lock().unwrap_or_else(PoisonError::into_inner).clear();
                link.try_send(FORGET)
            }
            FILL => {
                self.table = Some(Vec::new());
                self.fill_up();
                link.try_send(FILL)
            }
            EMPTY => {
                self.table = None;
                link.try_send(EMPTY)
            }
            _ => answer(link, letter),
        }
    }

    /// As many descriptors as there are, as long as the table is to be full.
    fn fill_up(&mut self) {
        let Some(table) = &mut self.table else { return };
        if table.is_empty() {
            table.push(File::open("/dev/null").expect("one descriptor is free").into());
        }
        while let Ok(more) = table[0].try_clone() {
            table.push(more);
        }
    }

    fn report(&mut self) -> Report {
        let mut ends = self.victim.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let told = ends.len().min(ENDS_AT_ONCE);
        let ends = ends.drain(..told).collect();
        let held = self.victim.quota.in_use();
        let charged = Amounts {
            links: held.ours.links + held.foreign.links,
            bytes: held.ours.bytes + held.foreign.bytes,
            descriptors: held.ours.descriptors + held.foreign.descriptors,
        };
        let (calls, processor_ns) = (seam::calls(), processor_ns());
        Report { ends, charged, calls, processor_ns, messages: self.messages }
    }
}
