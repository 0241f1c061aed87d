// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loom's models of topics must catch.

use super::{CONTROL, FENCING, Mutant, mutant};

const INDEX: &str = "topic/index.rs";
const PUBLISHER: &str = "topic/publisher.rs";
const ROSTER: &str = "topic/roster.rs";
const SUBSCRIBER: &str = "topic/subscriber.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    // Dropping for the slow.
    mutant(
        PUBLISHER,
        "words are overwritten before it is told that they are not kept",
        "fence(Ordering::Release);\n                oldest",
        "oldest",
    ),
    mutant(
        SUBSCRIBER,
        "what is kept is looked at before the copy is done",
        "fence(Ordering::Acquire);\n        self.memory.board.word(board::OLDEST).load(Ordering::Relaxed) > self.position",
        "self.memory.board.word(board::OLDEST).load(Ordering::Relaxed) > self.position",
    ),
    mutant(
        SUBSCRIBER,
        "a copy counts though it was overwritten",
        "if self.is_overtaken() {\n            return Err(Overtaken);\n        }",
        "",
    ),
    mutant(
        SUBSCRIBER,
        "a header is believed though it was overwritten",
        "if self.is_overtaken() {\n                return Ok(Sight::Overtaken);\n            }",
        "",
    ),
    mutant(
        SUBSCRIBER,
        "a reader that finds zeroes is not told that it was overtaken",
        "&& !self.is_overtaken() && self.broken",
        "&& self.broken",
    ),
    mutant(
        SUBSCRIBER,
        "a header like the last one is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n            return Ok(Sight::Record(self.found));",
        "return Ok(Sight::Record(self.found));",
    ),
    mutant(
        SUBSCRIBER,
        "any other header is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n            let found",
        "let found",
    ),
    // Finding a start.
    mutant(
        INDEX,
        "an entry is rewritten before what was published is told",
        "store(end, Ordering::Release)",
        "store(end, Ordering::Relaxed)",
    ),
    mutant(
        INDEX,
        "a record is called the newest before it is there",
        "store(number, Ordering::Release)",
        "store(number, Ordering::Relaxed)",
    ),
    mutant(
        INDEX,
        "the newest is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n    let end",
        "let end",
    ),
    mutant(
        INDEX,
        "whether entries were rewritten is looked at before they are read",
        "fence(Ordering::Acquire);\n    let meanwhile",
        "let meanwhile",
    ),
    mutant(
        INDEX,
        "entries count though they may have been rewritten",
        "start.filter(|_| meanwhile < staged_max(index))",
        "start.filter(|_| meanwhile < u64::MAX)",
    ),
    // Joining.
    mutant(
        PUBLISHER,
        "a publisher that waits looks for joiners before it tells what is kept",
        "fence(Ordering::SeqCst);\n                oldest.min",
        "oldest.min",
    ),
    mutant(
        ROSTER,
        "a joiner looks at what is kept before its place is seen",
        "fence(Ordering::SeqCst);\n}\n\n/// Gives",
        "}\n\n/// Gives",
    ),
    mutant(
        SUBSCRIBER,
        "a joiner does not look whether its start is kept",
        "if board.word(board::OLDEST).load(Ordering::Relaxed) <= start.position {",
        "if true {",
    ),
    mutant(
        SUBSCRIBER,
        "a publisher that sleeps for a start that was given up is not rung",
        "self.ring_bell |= roster::must_ring_publisher(board, 0, start.position);",
        "",
    ),
    // Making room.
    mutant(ROSTER, "the quickest counts", "positions.min()", "positions.max()"),
    mutant(
        ROSTER,
        "a reader tells that it has read before it has",
        "store(position + 1, Ordering::Release)",
        "store(position + 1, Ordering::Relaxed)",
    ),
    mutant(
        ROSTER,
        "a reader leaves before it has read",
        "store(0, Ordering::Release)",
        "store(0, Ordering::Relaxed)",
    ),
    mutant(
        CONTROL,
        "words are overwritten before their readers' positions are looked at",
        "let count = self.consumed.load(Ordering::Relaxed);\n        fence(Ordering::Acquire);",
        "let count = self.consumed.load(Ordering::Relaxed);",
    ),
    // Sleeping.
    mutant(
        FENCING,
        "a publisher does not fence before it looks whether somebody sleeps",
        "Self::Both => fence(Ordering::SeqCst),",
        "Self::Both => {}",
    ),
    mutant(
        FENCING,
        "a reader that goes to sleep does not fence before it looks once more",
        "fence(Ordering::SeqCst);\n        match self",
        "match self",
    ),
    mutant(
        PUBLISHER,
        "a publisher that goes to sleep does not fence before it looks once more",
        "fence(Ordering::SeqCst);\n    }\n\n    /// Takes the announcement",
        "}\n\n    /// Takes the announcement",
    ),
    mutant(
        ROSTER,
        "a reader does not fence before it looks whether the publisher sleeps",
        "fence(Ordering::SeqCst);\n    let waits",
        "let waits",
    ),
];
