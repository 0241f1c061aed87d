// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must be true of a victim after every attack, in one place.
//!
//! 1. The victim lives, and an honest client beside the liar is answered, whole and in order.
//! 2. Each attacked link ends as the attack deserves: by a fault in words where a rule was broken that must be found,
//!    never by a shortage that the victim blames on itself.
//! 3. Nobody else is evicted.
//! 4. Everything is reclaimed: descriptors, maps, charges are what they were before.
//!
//! Nothing here is a matter of time; how long others wait beside an attack is measured apart ([`super::beside`]).

use std::time::Duration;

use cabotage_link::quota::Amounts;

use super::report::{Cause, End};
use super::stage::Stage;
use crate::inventory::Inventory;
use crate::watchdog::soon;

/// How an attacked link must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// By a fault, in which these words stand.
    Fault(&'static str),
    /// By the peer's going.
    Gone,
    /// By one of these, or by a refusal.
    AnyOfThese,
    /// By the victim's shortage, or as above: its table of descriptors is full.
    Shortage,
}

impl Verdict {
    /// What is wrong with this end; `None` if nothing.
    fn objection(self, end: &End) -> Option<String> {
        let is_right = match self {
            Self::Fault(words) => end.cause == Cause::Fault && end.words.contains(words),
            Self::Gone => end.cause == Cause::Gone,
            Self::AnyOfThese => end.cause != Cause::System,
            Self::Shortage => true,
        };
        let has_words = end.words.len() > 10;
        (!is_right || !has_words).then(|| format!("a link ended by {:?} ({})", end.cause, end.words))
    }
}

/// Keeps what there was before, and compares.
#[derive(Debug)]
pub struct Oracle {
    before: Inventory,
    charged: Amounts,
    memory_bytes: u64,
    calls: u64,
    processor_ns: u64,
}

/// What one attack cost the victim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// System calls of the library.
    pub calls: u64,
    /// Time of a processor.
    pub processor_ns: u64,
}

/// How long one waits before the victim is asked once more: to ask costs it something too.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// How much memory of its own a victim may have gained over all attacks: what an allocator keeps, and no leak.
const MEMORY_BYTES_MAX: u64 = 4 << 20;

impl Oracle {
    /// Looks at a victim that nobody has attacked yet.
    pub fn new(stage: &mut Stage) -> Self {
        let report = stage.report();
        Self {
            before: stage.inventory(),
            charged: report.charged,
            memory_bytes: stage.memory_bytes(),
            calls: report.calls,
            processor_ns: report.processor_ns,
        }
    }

    /// Judges one attack after which each of `verdicts` must hold of one ended link, in any order.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn judge(&mut self, stage: &mut Stage, verdicts: &[Verdict]) -> Result<Cost, String> {
        let attacker = i32::try_from(stage.attacker().pid()).unwrap_or(0);
        self.judge_of(stage, attacker, verdicts)
    }

    /// The same for an attacker that was process `attacker`, and may be dead.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn judge_of(
        &mut self,
        stage: &mut Stage,
        attacker: i32,
        verdicts: &[Verdict],
    ) -> Result<Cost, String> {
        let ends = self.ends(stage, verdicts.len())?;
        if let Some(other) = ends.iter().find(|end| end.pid != attacker && end.pid != 0) {
            return Err(format!("process {} was evicted: {}", other.pid, other.words));
        }
        match_up(&ends, verdicts)?;
        stage.exchange();
        self.reclaimed(stage)
    }

    /// Judges one attack that ended this many links, each by the same verdict.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn judge_all(&mut self, stage: &mut Stage, links: usize, verdict: Verdict) -> Result<Cost, String> {
        self.judge(stage, &vec![verdict; links])
    }

    /// The ends of this many links, which may take a while.
    fn ends(&self, stage: &mut Stage, due: usize) -> Result<Vec<End>, String> {
        let deadline = soon();
        let mut ends = Vec::new();
        while ends.len() < due {
            if deadline.has_passed() {
                return Err(format!("{} of {due} attacked links have ended: {ends:?}", ends.len()));
            }
            let more = stage.report().ends;
            if more.is_empty() {
                std::thread::sleep(BETWEEN_LOOKS);
            }
            ends.extend(more);
        }
        match ends.len() == due {
            true => Ok(ends),
            false => Err(format!("{} links have ended instead of {due}: {ends:?}", ends.len())),
        }
    }

    /// Whether everything is as it was before.
    fn reclaimed(&mut self, stage: &mut Stage) -> Result<Cost, String> {
        let report = stage.report();
        if report.charged != self.charged {
            return Err(format!("still charged: {:?}, before: {:?}", report.charged, self.charged));
        }
        if let Some(left) = stage.inventory().since(&self.before) {
            return Err(format!("left behind: {left}"));
        }
        let cost =
            Cost { calls: report.calls - self.calls, processor_ns: report.processor_ns - self.processor_ns };
        (self.calls, self.processor_ns) = (report.calls, report.processor_ns);
        Ok(cost)
    }

    /// Whether the victim has gained memory over all attacks.
    ///
    /// # Errors
    /// How much.
    pub fn memory(&self, stage: &Stage) -> Result<(), String> {
        let gained = stage.memory_bytes().saturating_sub(self.memory_bytes);
        if gained <= MEMORY_BYTES_MAX { Ok(()) } else { Err(format!("{gained} bytes of memory more")) }
    }
}

/// Finds for each verdict an end of its own. Verdicts with words are asked first.
fn match_up(ends: &[End], verdicts: &[Verdict]) -> Result<(), String> {
    let mut ends = ends.to_vec();
    let mut verdicts = verdicts.to_vec();
    verdicts.sort_by_key(|verdict| match verdict {
        Verdict::Fault(words) => 1000_usize.saturating_sub(words.len()),
        Verdict::Gone => 1001,
        Verdict::AnyOfThese => 1002,
        Verdict::Shortage => 1003,
    });
    for verdict in verdicts {
        let at = ends.iter().position(|end| verdict.objection(end).is_none());
        let at = at.ok_or_else(|| {
            let objections: Vec<_> = ends.iter().filter_map(|end| verdict.objection(end)).collect();
            format!("no link ended by {verdict:?}: {}", objections.join("; "))
        })?;
        ends.swap_remove(at);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(cause: Cause, words: &str) -> End {
        End { pid: 0, cause, words: words.to_owned() }
    }

    #[test]
    fn a_fault_must_be_one_and_have_its_words() {
        let fault = end(Cause::Fault, "the peer said HELLO twice; the link is over");
        assert_eq!(Verdict::Fault("said HELLO twice").objection(&fault), None);
        assert!(Verdict::Fault("goodbye").objection(&fault).is_some());
        assert!(Verdict::Gone.objection(&fault).is_some());
        assert!(Verdict::Fault("").objection(&end(Cause::Fault, "")).is_some(), "a fault without words");
    }

    #[test]
    fn a_shortage_of_the_victim_is_never_the_answer_to_a_lie() {
        let shortage = end(Cause::System, "recvmsg: too many open files");
        assert!(Verdict::AnyOfThese.objection(&shortage).is_some());
        assert_eq!(Verdict::Shortage.objection(&shortage), None);
    }

    #[test]
    fn every_verdict_needs_an_end_of_its_own() {
        let ends = [end(Cause::Gone, "the peer has closed the link"), end(Cause::Fault, "the peer has lied")];
        assert_eq!(match_up(&ends, &[Verdict::AnyOfThese, Verdict::Fault("lied")]), Ok(()));
        assert!(match_up(&ends, &[Verdict::Gone, Verdict::Gone]).is_err());
    }
}
