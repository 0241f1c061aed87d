// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starts victims, stops them, lets them go on, kills them, and sees what came of it.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::process::Exit;

use super::session::{Session, Side, Survivor, Transport};
use crate::Wrong;
use crate::inventory::Inventory;
use crate::notes::Notes;
use crate::process::Process;
use crate::random::Random;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::times::Times;

/// The number under which a victim finds the memory for its notes.
pub(super) const NOTES: i32 = 20;
/// How many victims one survivor lives through at most.
const VICTIMS_EACH: u64 = 12;
const SHORTEST: Duration = Duration::from_micros(1);
const LONGEST: Duration = Duration::from_millis(100);

/// What came of many kills of one transport.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How many victims were killed.
    pub kills: u64,
    /// How many of them were stopped for a while before.
    pub stops: u64,
    /// How many records were committed or taken by victims.
    pub records: u64,
    /// How soon survivors were told.
    pub told: Times,
    /// By how much calls of survivors missed their deadlines.
    pub late: Times,
    /// By how much bare sleeps of the kernel's missed theirs, in the same minutes on the same machine.
    pub bare: Times,
    /// Broken promises, each with what leads to it again.
    pub violations: Vec<String>,
}

/// Starts victims, stops them, lets them go on, kills them, and sees what came of it.
#[derive(Debug)]
pub struct Supervisor<'run> {
    random: &'run mut Random,
    /// What came of it.
    pub tally: Tally,
}

impl<'run> Supervisor<'run> {
    /// One that decides by this chance.
    pub fn new(random: &'run mut Random) -> Self {
        Self { random, tally: Tally::default() }
    }

    /// Kills `kills` victims of this transport.
    ///
    /// # Errors
    /// What the harness itself needs was refused.
    pub fn kill(&mut self, transport: &dyn Transport, kills: u64) -> Result<(), Wrong> {
        let end = self.tally.kills + kills;
        while self.tally.kills < end {
            let side = *self.random.pick(&[Side::Sender, Side::Receiver]);
            let victims = (1 + self.random.below(VICTIMS_EACH)).min(end - self.tally.kills);
            self.outlive(transport, side, victims)?;
        }
        Ok(())
    }

    /// One survivor and its victims.
    fn outlive(&mut self, transport: &dyn Transport, side: Side, victims: u64) -> Result<(), Wrong> {
        transport.prepare()?;
        let place = Scratch::new();
        let before = Inventory::of_self().and_place(&place);
        let mut survivor = transport.survivor(side, &place)?;
        let (notes, memory) = Notes::new()?;
        for number in 0..victims {
            self.tally.kills += 1;
            if number == 0 || !transport.has_successors() {
                notes.clear();
            }
            notes.set_ready(false);
            let role = Role::new("victim").argument(transport.name()).argument(side.to_string());
            let role = role.argument(place.to_string()).number(number).pass_as(memory.try_clone()?, NOTES);
            let victim = survivor.equip(role)?.start();
            let session = Session::new(number, &place, &notes);
            let done = self.end(victim, survivor.as_mut(), &session);
            self.tally.late.merge(&session.late());
            self.tally.bare.add(bare_lateness()?);
            if let Err(wrong) = done {
                self.complain(transport, side, &wrong.to_string());
                return Ok(());
            }
        }
        let left = survivor.leave(&place);
        drop((notes, memory));
        if let Err(wrong) = left {
            self.complain(transport, side, &wrong.to_string());
        }
        if let Some(left) = Inventory::of_self().and_place(&place).and_children().since(&before) {
            self.complain(transport, side, &format!("left behind: {left}"));
        }
        Ok(())
    }

    fn complain(&mut self, transport: &dyn Transport, side: Side, words: &str) {
        let kill = self.tally.kills;
        let seed = self.random.seed();
        let line = format!("kill {kill} of a {side} of {}, seed {seed}: {words}", transport.name());
        self.tally.violations.push(line);
    }

    /// Kills one victim, while its survivor talks with it.
    fn end(
        &mut self,
        mut victim: Process,
        survivor: &mut dyn Survivor,
        session: &Session<'_>,
    ) -> Result<(), Wrong> {
        // Some die before they have come to anything.
        let dies_early = self.random.below(8) == 0;
        let delay = self.random.log_uniform(SHORTEST, LONGEST);
        let stopped_for = (self.random.below(4) == 0).then(|| self.random.log_uniform(SHORTEST, LONGEST));
        self.tally.stops += u64::from(stopped_for.is_some());
        let exit = std::thread::scope(|scope| {
            let surviving = scope.spawn(|| survivor.live(session));
            let is_over = || surviving.is_finished();
            while !dies_early && !session.notes.is_ready() && !victim.has_ended() && !is_over() {
                std::thread::yield_now();
            }
            pause(delay);
            if let Some(time) = stopped_for {
                victim.stop();
                pause(time);
                victim.go_on();
                pause(delay / 2);
            }
            session.strikes();
            victim.strike();
            let exit = victim.end();
            session.has_died();
            surviving.join().map_err(|_| Wrong::from("the survivor has panicked"))?.map(|()| exit)
        })?;
        if exit != Exit::Signal(9) {
            return Err(format!("the victim ended by itself ({exit:?}): see what it said").into());
        }
        self.tally.records += session.notes.sent() + session.notes.taken();
        session.told_after()?.into_iter().for_each(|after| self.tally.told.add(after));
        Ok(())
    }
}

/// By how much a sleep of the kernel's, with nothing of ours in it, misses its deadline now.
fn bare_lateness() -> Result<Duration, Wrong> {
    let (reader, _writer) = std::io::pipe()?;
    let (begin, sleep) = (Instant::now(), Duration::from_millis(2));
    poll::wait([(reader.as_fd(), Readiness::IN)], Deadline::within(sleep))?;
    Ok(begin.elapsed().saturating_sub(sleep))
}

/// Waits so long, to the microsecond.
fn pause(time: Duration) {
    let begin = Instant::now();
    if let Some(rest) = time.checked_sub(Duration::from_millis(1)) {
        std::thread::sleep(rest);
    }
    while begin.elapsed() < time {
        std::hint::spin_loop();
    }
}
