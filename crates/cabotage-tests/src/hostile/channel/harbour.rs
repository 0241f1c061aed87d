// SPDX-License-Identifier: MIT OR Apache-2.0
//! One end of a channel that is attacked, a process that lies to it, and an honest other end, which is this process.

use cabotage_link::quota::Amounts;
use cabotage_os::Deadline;
use cabotage_shm::{ChannelError, Consumer, Presence};

use super::victim_consumer::Met;
use super::victim_producer::STREAM;
use crate::hostile::report::{End, Report};
use crate::hostile::stage::{Attackers, RUN, open_to_all, role_of};
use crate::inventory::Inventory;
use crate::process::Process;
use crate::record::Mark;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How many records an honest peer takes or sends before it leaves.
pub const RECORDS: u64 = 100;

/// See the [module](self).
#[derive(Debug)]
pub struct Harbour {
    place: Scratch,
    victim: Process,
    liar: Process,
    attackers: Attackers,
    before: Inventory,
    charged: Amounts,
    /// The number of the next record, if the victim produces.
    next: u64,
}

impl Harbour {
    /// With a victim in this role.
    ///
    /// # Panics
    /// A process does not start or does not answer.
    pub fn new(victim: &str, attackers: Attackers) -> Self {
        let place = Scratch::new();
        open_to_all(place.folder());
        // Somebody has used names of this kind before, and so its folder is there.
        drop(super::options(&place.registry()).create(&super::name()).expect("a name of our own"));
        let mut process = Role::new(victim).argument(place.to_string()).patience(RUN).start();
        assert_eq!(process.hear(), "ready");
        let liar = liar(&place, attackers);
        let before = Inventory::default();
        let charged = Amounts { links: 0, bytes: 0, descriptors: 0 };
        let mut harbour = Self { place, victim: process, liar, attackers, before, charged, next: 0 };
        harbour.charged = harbour.report().charged;
        harbour
    }

    /// From now on what the victim has counts as what it had before: when one peer has come and gone.
    pub fn begin(&mut self) {
        self.before = Inventory::of_process(self.victim.pid());
    }

    /// The victim.
    pub fn victim(&mut self) -> &mut Process {
        &mut self.victim
    }

    /// The liar.
    pub fn liar(&mut self) -> &mut Process {
        &mut self.liar
    }

    /// The liar's number.
    pub fn liar_pid(&self) -> i32 {
        i32::try_from(self.liar.pid()).unwrap_or(0)
    }

    /// Kills the liar, and starts another.
    pub fn replace_liar(&mut self) {
        self.liar.kill();
        self.liar = liar(&self.place, self.attackers);
    }

    /// Removes the name that another user's process has left.
    pub fn remove_strangers_name(&self) {
        if self.attackers == Attackers::Strangers {
            self.place.forget_name("channel", super::NAME);
        }
    }

    /// What the victim tells of itself.
    #[track_caller]
    pub fn report(&mut self) -> Report {
        let line = self.victim.ask("report");
        Report::of_line(&line).unwrap_or_else(|| panic!("no report: {line}"))
    }

    /// What the victim says of the producer that it has met.
    #[track_caller]
    pub fn met(&mut self) -> Met {
        let line = self.victim.hear();
        Met::parse(&line).unwrap_or_else(|| panic!("{line}"))
    }

    /// Waits until the victim has all back that its peer took; answers the ends that it has told of.
    ///
    /// # Errors
    /// It never has.
    pub fn reclaimed(&mut self) -> Result<Vec<End>, String> {
        let deadline = soon();
        let mut ends = Vec::new();
        loop {
            let report = self.report();
            ends.extend(report.ends);
            let left = Inventory::of_process(self.victim.pid()).since(&self.before);
            if left.is_none() && report.charged == self.charged {
                return Ok(ends);
            }
            if deadline.has_passed() {
                let charged = report.charged;
                return Err(format!("charged: {charged:?}; left behind: {left:?}; {ends:?}"));
            }
        }
    }

    /// Waits until the victim has accepted somebody.
    ///
    /// # Errors
    /// It never does.
    pub fn has_guest(&mut self) -> Result<(), String> {
        let deadline = soon();
        while Inventory::of_process(self.victim.pid()).since(&self.before).is_none() {
            if deadline.has_passed() {
                return Err("the victim accepts nobody".to_owned());
            }
            self.report();
        }
        Ok(())
    }

    /// An honest consumer, which is let in some time.
    ///
    /// # Errors
    /// It is not.
    pub fn consumer(&self) -> Result<Consumer, String> {
        let options = super::options(&self.place.registry()).until_there(soon());
        options.open(&super::name()).map_err(|error| format!("an honest consumer is not let in: {error}"))
    }

    /// Takes `records` whole records in a row, which begin at the next one, or at most `more` behind it.
    ///
    /// # Errors
    /// They do not.
    pub fn take(&mut self, consumer: &mut Consumer, records: u64, more: u64) -> Result<(), String> {
        for number in 0..records {
            let record = consumer.receive(soon()).map_err(|error| error.to_string())?;
            let mark = Mark::of(&record.to_vec()).map_err(|damage| damage.to_string())?;
            let is_due = match number {
                0 => (self.next..=self.next.saturating_add(more)).contains(&mark.number),
                _ => mark.number == self.next,
            };
            if !is_due || mark.stream != STREAM {
                return Err(format!(
                    "record {} where {} was due, at most {more} later",
                    mark.number, self.next
                ));
            }
            self.next = mark.number + 1;
        }
        Ok(())
    }

    /// The records up to here were consumed by somebody else.
    pub fn skip(&mut self, records: u64) {
        self.next += records;
    }

    /// Whether an honest consumer is told that the liar has the place.
    pub fn is_occupied_by_liar(&self) -> bool {
        match super::options(&self.place.registry()).until_there(Deadline::Now).open(&super::name()) {
            Err(ChannelError::Occupied { holder: Presence::Here { pid, .. }, .. }) => {
                pid == Some(self.liar_pid())
            }
            _ => false,
        }
    }

    /// An honest producer comes after the liar; the victim must get all of its records.
    ///
    /// # Errors
    /// It does not.
    pub fn serve(&mut self) -> Result<(), String> {
        let mut producer = super::options(&self.place.registry())
            .until_there(soon())
            .create(&super::name())
            .map_err(|error| format!("an honest producer does not get the name: {error}"))?;
        self.victim.tell("serve");
        for number in 0..RECORDS {
            let record = Mark { stream: STREAM, number }.record(64);
            producer.send(&record, soon()).map_err(|error| error.to_string())?;
        }
        producer.wait_until_consumed(soon()).map_err(|error| error.to_string())?;
        producer.close();
        match self.victim.hear() {
            words if words == "served" => Ok(()),
            words => Err(format!("an honest producer is not heard: {words}")),
        }
    }
}

fn liar(place: &Scratch, attackers: Attackers) -> Process {
    let mut process = role_of(place, attackers, "hostile-channel-liar").argument(place.to_string()).start();
    assert_eq!(process.hear(), "ready");
    process
}
