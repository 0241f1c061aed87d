// SPDX-License-Identifier: MIT OR Apache-2.0
//! The protocols by which rights pass between processes, explored: every order in which the steps of the old owner,
//! the new owner and two holders can be taken, with the death or the stop of any of them between any two steps.
//!
//! What the parties do stands in `holder`, `old`, `heir` and `port`, which drive the state machines of
//! [`moving`](super::moving); what the kernel does stands in `net`. A search goes through all states, depth first, and
//! `checks` says what is wrong with one. Each rule is also weakened ([`Mutant`]), and then something must be wrong.

mod checks;
mod heir;
mod holder;
mod net;
mod old;
mod port;
mod right;
mod tests;
mod world;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};

use net::Process;
use world::{Step, World};

const OLD: Process = 0;
const NEW: Process = 1;
const FIRST: Process = 2;
const SECOND: Process = 3;

/// A rule that is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Mutant {
    /// A holder does not look for PAUSE after it has published.
    NeverLooks,
    /// A holder sends to the new owner before it is welcome.
    SwitchesAtPause,
    /// A holder sends again what was heard.
    AlwaysAgain,
    /// A holder does not send again what was not heard.
    NeverAgain,
    /// A paused holder takes the end of the old link for the end of the port.
    DiesWithOldLink,
    /// A paused holder takes the end of the new link for the end of the port.
    DiesWithNewLink,
    /// A holder closes its link with its right, though somebody may still answer on it.
    ClosesWithRight,
    /// A holder passes its right on before the owner was told of the other link.
    PassesBeforeFork,
    /// The old owner looks for the last time before PAUSE is published.
    LooksBeforePause,
    /// The old owner does not look again.
    SkipsLastLook,
    /// The old owner goes on reading after its last look.
    TakesAfterLast,
    /// The old owner pauses holders before the new owner has answered.
    PausesBeforeReady,
    /// The old owner decides before the new one has everything.
    DecidesBeforeCustody,
    /// The old owner keeps nothing of what it has handed over.
    KeepsNothing,
    /// The old owner hands messages over with tokens of links that it keeps.
    TokensStay,
    /// The old owner does not say that it can't take the move back any more.
    SaysNotMoved,
    /// The old owner takes a move back and tells nobody.
    NeverResumes,
    /// An owner takes a hang-up for the end before it has read what came before.
    HangsUpAtOnce,
    /// The new owner drops what it got when the old owner is gone, without looking for the word that decides.
    DropsAtHangUp,
    /// The new owner welcomes holders as soon as it has everything.
    WelcomesAtCustody,
    /// The new owner forgets the queue.
    QueueStays,
    /// Send-once rights to the port stay tokens of links that the old owner keeps.
    LeavesTokens,
    /// The old owner hands over before everybody has answered who was asked for a send-once right.
    LeavesAsked,
    /// Holders of send-once rights are asked before the new owner has answered.
    DetachesBeforeReady,
    /// Holders of send rights are paused while somebody is asked.
    PausesWhileAsked,
    /// Who said that its send-once right is a link goes on to use the token.
    AnswersByToken,
    /// The old owner does not hand over the links of send-once rights.
    OnceEndsStay,
    /// When a move is taken back, the links of send-once rights are closed.
    TakesLinksBack,
    /// The new owner is not told of send-once rights that the old owner keeps.
    KeptAreForgotten,
}

/// How much was explored.
#[derive(Debug, Default)]
struct Found {
    states: usize,
    last: usize,
}

/// A search through all states.
struct Search {
    hasher: [RandomState; 2],
    seen: HashSet<[u64; 2]>,
    path: Vec<Step>,
    found: Found,
}

/// Goes through all states that follow from this one.
///
/// # Errors
/// What is wrong with one of them, and the steps that lead to it.
fn explore(start: &World) -> Result<Found, String> {
    let hasher = [RandomState::new(), RandomState::new()];
    let mut search = Search { hasher, seen: HashSet::new(), path: Vec::new(), found: Found::default() };
    match search.visit(start) {
        Ok(()) => Ok(search.found),
        Err(fault) => {
            let steps: Vec<_> = search.path.iter().map(|step| format!("\n  {step:?}")).collect();
            Err(format!("{fault}, after{}", steps.concat()))
        }
    }
}

impl Search {
    fn visit(&mut self, world: &World) -> Result<(), String> {
        let mark = [self.hasher[0].hash_one(world), self.hasher[1].hash_one(world)];
        if !self.seen.insert(mark) {
            return Ok(());
        }
        self.found.states += 1;
        if let Some(fault) = world.fault() {
            return Err(fault);
        }
        let steps = world.steps();
        if steps.is_empty() {
            self.found.last += 1;
            if let Some(fault) = world.last_fault() {
                return Err(fault);
            }
        }
        for step in steps.into_iter().chain(world.disasters()) {
            self.path.push(step);
            self.step(world, step)?;
            self.path.pop();
        }
        Ok(())
    }

    fn step(&mut self, world: &World, step: Step) -> Result<(), String> {
        if let Some(fault) = world.fault_of(step) {
            return Err(fault);
        }
        match catch_unwind(AssertUnwindSafe(|| world.after(step))) {
            Ok(next) => self.visit(&next),
            Err(_) => Err("a rule was broken".into()),
        }
    }
}
