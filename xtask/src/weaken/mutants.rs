// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is weakened, one at a time: every ordering, every fence, and every step that a lane can't go without.

mod blocks;
mod revoke;
mod ring;
mod rules;
mod topic;

/// One place of the lane's code, and what weakens it. The text must stand there exactly once.
pub(super) struct Mutant {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    pub(super) text: &'static str,
    pub(super) weaker: &'static str,
}

/// Mutants, and the tests that must catch each of them.
pub(super) struct Suite {
    pub(super) test: &'static str,
    /// Whether the tests are models, which need loom's atomics.
    pub(super) is_model: bool,
    pub(super) mutants: &'static [Mutant],
}

/// The models first: orderings go wrong in few interleavings, and nothing but loom finds those.
pub(super) const SUITES: &[Suite] = &[
    Suite { test: "loom_ring", is_model: true, mutants: ring::MUTANTS },
    Suite { test: "loom_blocks", is_model: true, mutants: blocks::MUTANTS },
    Suite { test: "loom_revoke", is_model: true, mutants: revoke::MUTANTS },
    Suite { test: "loom_topic", is_model: true, mutants: topic::MUTANTS },
    Suite { test: "ring", is_model: false, mutants: rules::MUTANTS },
];

const fn mutant(file: &'static str, name: &'static str, text: &'static str, weaker: &'static str) -> Mutant {
    Mutant { name, file, text, weaker }
}

const CHECK: &str = "ring/check.rs";
const SENDER: &str = "ring/sender.rs";
const JOINED: &str = "ring/sender/joined.rs";
const RESUME: &str = "ring/sender/resume.rs";
const READ_BACK: &str = "ring/sender/read_back.rs";
const RECEIVER: &str = "ring/receiver.rs";
const SHAPE: &str = "ring/shape.rs";
const LOAN: &str = "ring/loan.rs";
const CONTROL: &str = "control.rs";
const FENCING: &str = "fencing.rs";
