// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loom's models of the ring must catch: every ordering, every fence, and the steps that can't be left out.

use super::{CONTROL, FENCING, JOINED, LOAN, Mutant, RECEIVER, SENDER, mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    // Publishing.
    mutant(
        SENDER,
        "a record is published without release",
        "self.held, Ordering::Release)",
        "self.held, Ordering::Relaxed)",
    ),
    mutant(
        JOINED,
        "a record sent at once is published without release",
        "self.ring.store(self.at, header.0, Ordering::Release);",
        "self.ring.store(self.at, header.0, Ordering::Relaxed);",
    ),
    mutant(
        JOINED,
        "a record sent at once overtakes those staged before it",
        "if self.held != 0 {",
        "if false {",
    ),
    mutant(JOINED, "the word after a record sent at once is not cleared", "self.clear_after(words);", ""),
    mutant(
        SENDER,
        "the first header of a batch is stored when it is staged",
        "(self.held, self.held_at) = (header.0, self.at);",
        "(self.held, self.held_at) = (header.0, self.at); self.ring.store(self.at, header.0, Ordering::Release);",
    ),
    mutant(
        SENDER,
        "the word after a record is not cleared",
        "self.clear_after(words);\n        self.ring.write(self.byte_at(0), body);\n        self.append",
        "self.ring.write(self.byte_at(0), body);\n        self.append",
    ),
    mutant(LOAN, "the word after a loan is not cleared", "self.lane.clear_after(words);", ""),
    mutant(SENDER, "the word after a filler is not cleared", "self.clear_after(pad);", ""),
    mutant(
        SENDER,
        "no room is kept for the word after a record, when it is there at once",
        "words + self.kept <= self.free {",
        "words <= self.free {",
    ),
    mutant(
        SENDER,
        "no room is kept for the word after a record, when it must be made",
        "let needed = pad + words + kept;",
        "let needed = pad + words;",
    ),
    // Room told at each record.
    mutant(
        CONTROL,
        "what was freed is told without release",
        "self.withdrawal.freed.store(words, Ordering::Release);",
        "self.withdrawal.freed.store(words, Ordering::Relaxed);",
    ),
    mutant(
        CONTROL,
        "what was freed is used without an acquire fence",
        "self.withdrawal.freed.load(Ordering::Relaxed);\n        fence(Ordering::Acquire);",
        "self.withdrawal.freed.load(Ordering::Relaxed);",
    ),
    mutant(
        RECEIVER,
        "nobody looks whether the sender sleeps for one record",
        "self.controls.own().tell_freed(self.consumed);\n        self.answer_sender();",
        "self.controls.own().tell_freed(self.consumed);",
    ),
    // Other rings.
    mutant(
        SENDER,
        "the first word of a ring used before is not cleared",
        "ring.store(0, 0, Ordering::Relaxed);",
        "",
    ),
    mutant(
        SENDER,
        "what was consumed of the ring before counts as room in this one",
        "self.consumed.max(self.freed).max(self.base)",
        "self.consumed.max(self.freed)",
    ),
    mutant(
        RECEIVER,
        "a retirement is told before the segment is forgotten",
        "self.advance(header.words());\n        Sight::Retire { segment }",
        "self.pass(header.words());\n        Sight::Retire { segment }",
    ),
    // Receiving.
    mutant(
        RECEIVER,
        "a header like the last one is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n            return Glimpse::Usual;",
        "return Glimpse::Usual;",
    ),
    mutant(
        RECEIVER,
        "any other header is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n            match check(header, self.at, self.ring_words, self.bytes_max)",
        "match check(header, self.at, self.ring_words, self.bytes_max)",
    ),
    // Telling.
    mutant(
        RECEIVER,
        "consumption is told without release",
        "own().consumed.store(self.consumed, Ordering::Release)",
        "own().consumed.store(self.consumed, Ordering::Relaxed)",
    ),
    mutant(
        CONTROL,
        "told consumption is acted on without an acquire fence",
        "let count = self.consumed.load(Ordering::Relaxed);\n        fence(Ordering::Acquire);",
        "let count = self.consumed.load(Ordering::Relaxed);",
    ),
    mutant(
        RECEIVER,
        "a look that comes up empty tells nothing",
        "None => {\n                self.tell();",
        "None => {",
    ),
    mutant(
        RECEIVER,
        "whoever goes to sleep tells nothing",
        "self.tell();\n                Ok(Look::Armed)",
        "Ok(Look::Armed)",
    ),
    mutant(RECEIVER, "a sender that sleeps for room is not rung", "self.ring_bell |= ", "let _ = "),
    // Sleeping.
    mutant(
        FENCING,
        "whoever may have to ring does not fence before it looks",
        "Self::Both => fence(Ordering::SeqCst),",
        "Self::Both => {}",
    ),
    mutant(
        FENCING,
        "whoever may have to ring does not even keep the compiler from reordering",
        "Self::Sleeper(_) => compiler_fence(Ordering::SeqCst),",
        "Self::Sleeper(_) => {}",
    ),
    mutant(
        FENCING,
        "whoever goes to sleep does not fence before it looks once more",
        "fence(Ordering::SeqCst);\n        match self",
        "match self",
    ),
    mutant(
        CONTROL,
        "a sender that was asked for fences does not fence before its second look",
        "fence(Ordering::SeqCst);\n            word = sleep.load",
        "word = sleep.load",
    ),
    mutant(
        CONTROL,
        "a sender that was asked for fences does not look again",
        "word = sleep.load(Ordering::Relaxed) & !FENCE;",
        "word &= !FENCE;",
    ),
    mutant(
        CONTROL,
        "a sleeper that has asked for fences does not fence before it looks once more",
        "if asks && self.has_asked {\n            fence(Ordering::SeqCst);",
        "if asks && self.has_asked {",
    ),
    mutant(
        CONTROL,
        "a request for fences is forgotten when a sleep is called off",
        "word.store(if self.has_asked { FENCE } else { 0 }, Ordering::Relaxed);",
        "word.store(0, Ordering::Relaxed);",
    ),
    mutant(
        CONTROL,
        "whoever files descriptors does not fence before it looks",
        "fence(Ordering::SeqCst);\n        self.wants_room",
        "self.wants_room",
    ),
    mutant(
        CONTROL,
        "only the first sleep of all is answered",
        "word != self.0 || word == ALWAYS",
        "self.0 == 0 || word == ALWAYS",
    ),
    mutant(CONTROL, "a sleep has the number of the one before", "(self.number + 1, true)", "(1, true)"),
    // State.
    mutant(
        CONTROL,
        "a lane is closed without release",
        "closed.store(1, Ordering::Release)",
        "closed.store(1, Ordering::Relaxed)",
    ),
    mutant(
        CONTROL,
        "closing is acted on without an acquire fence",
        "fence(Ordering::Acquire);\n        closed != 0",
        "closed != 0",
    ),
    mutant(
        CONTROL,
        "descriptors are told to be filed without release",
        "filed.store(messages, Ordering::Release)",
        "filed.store(messages, Ordering::Relaxed)",
    ),
    mutant(
        CONTROL,
        "filed descriptors are acted on without an acquire fence",
        "let count = self.state.filed.load(Ordering::Relaxed);\n        fence(Ordering::Acquire);",
        "let count = self.state.filed.load(Ordering::Relaxed);",
    ),
    mutant(
        RECEIVER,
        "a record is told to be taken without release",
        "taken.store(self.consumed, Ordering::Release)",
        "taken.store(self.consumed, Ordering::Relaxed)",
    ),
    mutant(
        CONTROL,
        "what is told to be taken is acted on without an acquire fence",
        "let count = self.state.taken.load(Ordering::Relaxed);\n        fence(Ordering::Acquire);",
        "let count = self.state.taken.load(Ordering::Relaxed);",
    ),
];
