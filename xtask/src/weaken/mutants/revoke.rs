// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loom's models of withdrawing must catch.

use super::{Mutant, mutant};

const READER: &str = "revoke/reader.rs";
const WRITER: &str = "revoke/writer.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        READER,
        "a reader does not fence between what it takes and the look at what is withdrawn",
        "            fence(Ordering::SeqCst);\n",
        "",
    ),
    mutant(
        WRITER,
        "a writer only releases between what it withdraws and the look at what is taken",
        "fence(Ordering::SeqCst);",
        "fence(Ordering::Release);",
    ),
    mutant(
        WRITER,
        "a withdrawal is announced without release",
        "store(self.published, Ordering::Release)",
        "store(self.published, Ordering::Relaxed)",
    ),
    mutant(
        READER,
        "a withdrawal is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n        Ok(Some(withdrawn))",
        "Ok(Some(withdrawn))",
    ),
    mutant(
        WRITER,
        "a withdrawal does not begin undecided",
        "self.controls.own().withdrawal.last.store(from | UNDECIDED, Ordering::Relaxed);",
        "",
    ),
    mutant(
        READER,
        "a decision is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n        if last",
        "if last",
    ),
    mutant(WRITER, "a reader at the end of a gap counts as past it", "taking > gap.to", "taking >= gap.to"),
    mutant(
        READER,
        "a reader takes what does not stand",
        "Answer::Take(end.min(stands) - self.position)",
        "Answer::Take(end - self.position)",
    ),
];
