// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loom's models of the blocks must catch.

use super::{Mutant, mutant};

const BORROWED: &str = "block/borrowed.rs";
const LOAN: &str = "block/loan.rs";
const POOL: &str = "block/pool.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        BORROWED,
        "a block is given back without release",
        "store(loan, Ordering::Release)",
        "store(loan, Ordering::Relaxed)",
    ),
    mutant(
        POOL,
        "a block that came back is written without an acquire fence",
        "fence(Ordering::Acquire);",
        "",
    ),
    mutant(
        POOL,
        "a block is free as soon as it is sent",
        "if returned == place.loan {",
        "if returned <= place.loan {",
    ),
    mutant(
        POOL,
        "an owner that sleeps for a block does not fence before it looks once more",
        "fence(Ordering::SeqCst);",
        "",
    ),
    mutant(
        BORROWED,
        "whoever gives a block back does not fence before it looks",
        "fence(Ordering::SeqCst);",
        "",
    ),
    mutant(
        BORROWED,
        "only the first sleep for a block is answered",
        "self.answered.swap(sleep, Ordering::Relaxed) != sleep",
        "self.answered.swap(sleep, Ordering::Relaxed) == 0",
    ),
    mutant(
        POOL,
        "a sleep for a block has the number of the one before",
        "self.sleeps += 1;",
        "self.sleeps = 1;",
    ),
    mutant(
        LOAN,
        "a loan is dropped without release",
        "fetch_or(slot.bit(), Ordering::Release)",
        "fetch_or(slot.bit(), Ordering::Relaxed)",
    ),
];
