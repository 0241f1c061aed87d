// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong in every interleaving, so that the ordinary tests of the ring must catch it.

use super::{CHECK, CONTROL, LOAN, Mutant, READ_BACK, RECEIVER, RESUME, SENDER, SHAPE, mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    // Publishing.
    mutant("ring/mod.rs", "no room is kept for leaving a full ring", "if words < 64 { 1 } else { 5 }", "1"),
    mutant(
        SENDER,
        "a retirement fills the room for leaving a full ring",
        "self.stage_own(RETIRE, segment, self.kept)",
        "self.stage_own(RETIRE, segment, 1)",
    ),
    mutant(
        SENDER,
        "a record sent at once rings nobody",
        "Ok(self.receiver_sleeps.must_ring(&self.controls.peer().calls.armed, self.fencing))",
        "Ok(false)",
    ),
    mutant(
        RECEIVER,
        "a record is consumed though none like it fits",
        "if self.usual.words <= self.ring_words - self.at {\n            self.pass",
        "if self.usual.bytes > 0 {\n            self.pass",
    ),
    mutant(SENDER, "a record may run past the end", "words <= self.ring_words - self.at && ", ""),
    mutant(SENDER, "an ended sender looks at the peer's count again", ENDED_LOOK, "match"),
    mutant(SENDER, "an ended sender has room left", "self.free = 0;", ""),
    // Other rings.
    mutant(
        SENDER,
        "staged records stay behind when the lane goes on",
        "let ring_bell = self.publish();",
        "let ring_bell = false;",
    ),
    // Receiving.
    mutant(
        RECEIVER,
        "a header like the last one may run past the end",
        "header == self.usual.header && self.usual.words <= self.ring_words - self.at {",
        "header == self.usual.header {",
    ),
    mutant(SHAPE, "the shape that no record has fits", "words: u64::MAX, bytes: 0", "words: 0, bytes: 0"),
    mutant(
        RECEIVER,
        "what was usual in one ring is usual in the next",
        "self.at = 0;\n        self.usual = Shape::NONE;",
        "self.at = 0;",
    ),
    mutant(
        RECEIVER,
        "what was usual is usual after the end",
        "self.usual = Shape::NONE;\n        *self.broken",
        "*self.broken",
    ),
    mutant(CHECK, "a filler may fill a whole ring", "words == words_left && at != 0", "words == words_left"),
    mutant(
        CHECK,
        "a record of any length that fits is let in",
        "header.bytes() > bytes_max.into()",
        "header.bytes() > u64::MAX",
    ),
    mutant(
        RECEIVER,
        "a violation is forgiven",
        "Err(violation) => return Err(self.end(violation)),",
        "Err(violation) => return Err(violation),",
    ),
    // Telling.
    mutant(
        RECEIVER,
        "only a look that comes up empty tells",
        "if self.consumed - self.told >= self.ring_words / LAZY_FRACTION {",
        "if false {",
    ),
    mutant(
        RECEIVER,
        "exact consumption is told like any other",
        "self.consume();\n        self.tell_taken();",
        "self.consume();",
    ),
    // Succession.
    mutant(
        CONTROL,
        "a successor's sleeps have the numbers of its predecessor's",
        "number: u64::from(incarnation % (1 << 24)) << SLEEP_BITS, ..Self::default()",
        "..Self::default()",
    ),
    mutant(
        CONTROL,
        "a successor counts as asleep because its predecessor was killed in its sleep",
        "word.store(0, Ordering::Relaxed);\n        Self { number",
        "Self { number",
    ),
    mutant(
        "ring/waiting.rs",
        "a successor believes any header",
        "check(header, at, words, bytes_max)?;",
        "let _ = (at, bytes_max);",
    ),
    mutant(
        RESUME,
        "a successor takes the ring for empty",
        "lane.free = lane.ring_words - (published - consumed);",
        "",
    ),
    mutant(
        LOAN,
        "a loan published at once rings nobody",
        "self.append().publish()",
        "self.append().publish() && false",
    ),
    // Reading back.
    mutant(
        CONTROL,
        "any count of records taken is believed",
        "(least..=most).contains(&count).then_some(count)",
        "Some(count)",
    ),
    mutant(
        READ_BACK,
        "what is told once in a while does not count",
        "self.controls.peer().taken(self.consumed, self.published).unwrap_or(self.consumed)",
        "self.controls.peer().taken(0, self.published).unwrap_or(self.consumed)",
    ),
    mutant(READ_BACK, "what is only staged is not read back", "self.publish_to_a_spinner();", ""),
    mutant(READ_BACK, "another ring is read before its beginning", "from.max(self.base)", "from"),
    mutant(
        READ_BACK,
        "records of the lane's own are read back as the caller's",
        "if TAGS.contains(&header.tag()) {",
        "if header.bytes() > 0 {",
    ),
    mutant(
        READ_BACK,
        "any header is believed when it is read back",
        "if check(header, at, self.ring_words, self.bytes_max).is_err() {",
        "if header.0 == 0 {",
    ),
    // Sleeping.
    mutant(
        CONTROL,
        "a peer that was not met yet is rung once",
        "word != self.0 || word == ALWAYS",
        "word != self.0",
    ),
    mutant(
        CONTROL,
        "whoever woke still counts as asleep",
        "word.store(if self.has_asked { FENCE } else { 0 }, Ordering::Relaxed);",
        "",
    ),
];

/// The guard at the top of the look at the peer's count, up to where the look begins.
const ENDED_LOOK: &str =
    "if let Some(violation) = self.broken {\n            return Err(violation);\n        }\n        match";
