// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is weakened, one at a time: every ordering, every fence, and every step that a lane can't go without.

/// Loom's models of the ring.
pub(super) const RING: &str = "loom_ring";
/// Loom's models of the blocks.
pub(super) const BLOCKS: &str = "loom_blocks";
/// The ordinary tests of the ring: for the steps that go wrong in every interleaving, and for the checks.
pub(super) const RULES: &str = "ring";

/// One place of the lane's code, and what weakens it. The text must stand there exactly once.
pub(super) struct Mutant {
    pub(super) name: &'static str,
    /// The tests that must catch it.
    pub(super) test: &'static str,
    pub(super) file: &'static str,
    pub(super) text: &'static str,
    pub(super) weaker: &'static str,
}

const fn mutant(
    test: &'static str,
    file: &'static str,
    name: &'static str,
    text: &'static str,
    weaker: &'static str,
) -> Mutant {
    Mutant { name, test, file, text, weaker }
}

const SENDER: &str = "ring/sender.rs";
const RECEIVER: &str = "ring/receiver.rs";
const LOAN: &str = "ring/loan.rs";
const CONTROL: &str = "control.rs";
const FENCING: &str = "fencing.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    // Publishing.
    mutant(
        RING,
        SENDER,
        "a record is published without release",
        "self.held, Ordering::Release)",
        "self.held, Ordering::Relaxed)",
    ),
    mutant(
        RING,
        SENDER,
        "the first header of a batch is stored when it is staged",
        "(self.held, self.held_at) = (header.0, self.at);",
        "(self.held, self.held_at) = (header.0, self.at); self.ring.store(self.at, header.0, Ordering::Release);",
    ),
    mutant(
        RING,
        SENDER,
        "the word after a record is not cleared",
        "self.clear_after(words);\n        self.ring.write(self.byte_at(0), body);",
        "self.ring.write(self.byte_at(0), body);",
    ),
    mutant(RING, LOAN, "the word after a loan is not cleared", "self.lane.clear_after(words);", ""),
    mutant(RING, SENDER, "the word after a filler is not cleared", "self.clear_after(pad);", ""),
    mutant(
        RING,
        SENDER,
        "no room is kept for the word after a record, when it is there at once",
        "&& words < self.free {",
        "&& words <= self.free {",
    ),
    mutant(
        RING,
        SENDER,
        "no room is kept for the word after a record, when it must be made",
        "let needed = pad + words + 1;",
        "let needed = pad + words;",
    ),
    mutant(RULES, SENDER, "a record may run past the end", "words <= self.ring_words - self.at && ", ""),
    mutant(RULES, SENDER, "an ended sender looks at the peer's count again", ENDED_LOOK, "match"),
    mutant(RULES, SENDER, "an ended sender has room left", "self.free = 0;", ""),
    // Other rings.
    mutant(
        RING,
        SENDER,
        "the first word of a ring used before is not cleared",
        "ring.store(0, 0, Ordering::Relaxed);",
        "",
    ),
    mutant(
        RING,
        SENDER,
        "what was consumed of the ring before counts as room in this one",
        "count.max(self.base)",
        "count",
    ),
    mutant(
        RULES,
        SENDER,
        "staged records stay behind when the lane goes on",
        "let ring_bell = self.publish();",
        "let ring_bell = false;",
    ),
    mutant(
        RING,
        RECEIVER,
        "a retirement is told before the segment is forgotten",
        "self.advance(header.words());\n        Sight::Retire { segment }",
        "self.consume(header.words());\n        Sight::Retire { segment }",
    ),
    // Receiving.
    mutant(
        RING,
        RECEIVER,
        "a header like the last one is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n            return Ok(Sight::Record(self.usual));",
        "return Ok(Sight::Record(self.usual));",
    ),
    mutant(
        RING,
        RECEIVER,
        "any other header is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n            match self.check(header)",
        "match self.check(header)",
    ),
    mutant(
        RULES,
        RECEIVER,
        "a header like the last one may run past the end",
        "header == self.usual.header && self.usual.words <= self.ring_words - self.at {",
        "header == self.usual.header {",
    ),
    mutant(
        RULES,
        RECEIVER,
        "the shape that no record has fits",
        "words: u64::MAX, bytes: 0",
        "words: 0, bytes: 0",
    ),
    mutant(
        RULES,
        RECEIVER,
        "what was usual in one ring is usual in the next",
        "self.at = 0;\n        self.usual = Shape::NONE;",
        "self.at = 0;",
    ),
    mutant(
        RULES,
        RECEIVER,
        "what was usual is usual after the end",
        "self.usual = Shape::NONE;\n        *self.broken",
        "*self.broken",
    ),
    mutant(
        RULES,
        RECEIVER,
        "a filler may fill a whole ring",
        "words == words_left && self.at != 0",
        "words == words_left",
    ),
    mutant(
        RULES,
        RECEIVER,
        "a record of any length that fits is let in",
        "header.bytes() > bytes_max.into()",
        "header.bytes() > u64::MAX",
    ),
    mutant(
        RULES,
        RECEIVER,
        "a violation is forgiven",
        "Err(violation) => return Err(self.end(violation)),",
        "Err(violation) => return Err(violation),",
    ),
    // Telling.
    mutant(
        RING,
        RECEIVER,
        "consumption is told without release",
        "store(self.consumed, Ordering::Release)",
        "store(self.consumed, Ordering::Relaxed)",
    ),
    mutant(
        RING,
        CONTROL,
        "told consumption is acted on without an acquire fence",
        "let count = self.consumed.load(Ordering::Relaxed);\n        fence(Ordering::Acquire);",
        "let count = self.consumed.load(Ordering::Relaxed);",
    ),
    mutant(
        RING,
        RECEIVER,
        "a look that comes up empty tells nothing",
        "None => {\n                self.tell();",
        "None => {",
    ),
    mutant(
        RING,
        RECEIVER,
        "whoever goes to sleep tells nothing",
        "self.tell();\n        self.own_sleeps.announce",
        "self.own_sleeps.announce",
    ),
    mutant(
        RULES,
        RECEIVER,
        "only a look that comes up empty tells",
        "if self.consumed - self.told >= self.ring_words / LAZY_FRACTION {",
        "if false {",
    ),
    mutant(RING, RECEIVER, "a sender that sleeps for room is not rung", "self.ring_bell |= ", "let _ = "),
    // Sleeping.
    mutant(
        RING,
        FENCING,
        "whoever may have to ring does not fence before it looks",
        "Self::Both => fence(Ordering::SeqCst),",
        "Self::Both => {}",
    ),
    mutant(
        RING,
        FENCING,
        "whoever may have to ring does not even keep the compiler from reordering",
        "Self::Sleeper(_) => compiler_fence(Ordering::SeqCst),",
        "Self::Sleeper(_) => {}",
    ),
    mutant(
        RING,
        FENCING,
        "whoever goes to sleep does not fence before it looks once more",
        "fence(Ordering::SeqCst);\n        match self",
        "match self",
    ),
    mutant(
        RING,
        CONTROL,
        "whoever files descriptors does not fence before it looks",
        "fence(Ordering::SeqCst);\n        self.wants_room",
        "self.wants_room",
    ),
    mutant(
        RING,
        CONTROL,
        "only the first sleep of all is answered",
        "number != self.0 || number == ALWAYS",
        "self.0 == 0 || number == ALWAYS",
    ),
    mutant(RING, CONTROL, "a sleep has the number of the one before", "self.0 += 1;", "self.0 = 1;"),
    mutant(
        RULES,
        CONTROL,
        "a peer that was not met yet is rung once",
        "number != self.0 || number == ALWAYS",
        "number != self.0",
    ),
    mutant(RULES, CONTROL, "whoever woke still counts as asleep", "word.store(0, Ordering::Relaxed);", ""),
    // State.
    mutant(
        RING,
        CONTROL,
        "a lane is closed without release",
        "closed.store(1, Ordering::Release)",
        "closed.store(1, Ordering::Relaxed)",
    ),
    mutant(
        RING,
        CONTROL,
        "closing is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n        closed != 0",
        "closed != 0",
    ),
    mutant(
        RING,
        CONTROL,
        "descriptors are told to be filed without release",
        "filed.store(messages, Ordering::Release)",
        "filed.store(messages, Ordering::Relaxed)",
    ),
    mutant(
        RING,
        CONTROL,
        "filed descriptors are acted on without an acquire fence",
        "let count = self.state.filed.load(Ordering::Relaxed);\n        fence(Ordering::Acquire);",
        "let count = self.state.filed.load(Ordering::Relaxed);",
    ),
    // Blocks.
    mutant(
        BLOCKS,
        "block/borrowed.rs",
        "a block is given back without release",
        "store(loan, Ordering::Release)",
        "store(loan, Ordering::Relaxed)",
    ),
    mutant(
        BLOCKS,
        "block/pool.rs",
        "a block that came back is written without an acquire fence",
        "fence(Ordering::Acquire);",
        "",
    ),
    mutant(
        BLOCKS,
        "block/pool.rs",
        "a block is free as soon as it is sent",
        "if returned == place.loan {",
        "if returned <= place.loan {",
    ),
    mutant(
        BLOCKS,
        "block/pool.rs",
        "an owner that sleeps for a block does not fence before it looks once more",
        "fence(Ordering::SeqCst);",
        "",
    ),
    mutant(
        BLOCKS,
        "block/borrowed.rs",
        "whoever gives a block back does not fence before it looks",
        "fence(Ordering::SeqCst);",
        "",
    ),
    mutant(
        BLOCKS,
        "block/borrowed.rs",
        "only the first sleep for a block is answered",
        "self.answered.swap(sleep, Ordering::Relaxed) != sleep",
        "self.answered.swap(sleep, Ordering::Relaxed) == 0",
    ),
    mutant(
        BLOCKS,
        "block/pool.rs",
        "a sleep for a block has the number of the one before",
        "self.sleeps += 1;",
        "self.sleeps = 1;",
    ),
    mutant(
        BLOCKS,
        "block/loan.rs",
        "a loan is dropped without release",
        "fetch_or(slot.bit(), Ordering::Release)",
        "fetch_or(slot.bit(), Ordering::Relaxed)",
    ),
];

/// The guard at the top of the look at the peer's count, up to where the look begins.
const ENDED_LOOK: &str =
    "if let Some(violation) = self.broken {\n            return Err(violation);\n        }\n        match";
