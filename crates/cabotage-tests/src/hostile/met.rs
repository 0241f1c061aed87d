// SPDX-License-Identifier: MIT OR Apache-2.0
//! How it went for an honest client with a server that may lie, in one line; and the process that plays the client.

use std::fmt;
use std::time::Duration;

use cabotage_os::Deadline;

use crate::role::Part;
use crate::scratch::Scratch;

/// Plays a client that meets whoever has the name, as often as it is told: its place.
pub(super) fn play(part: &Part, meet: impl Fn(&Scratch, Deadline) -> Met) {
    let place = Scratch::of(part.argument(0));
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let ["meet", patience_ms] = words[..] else { panic!("an order that nobody understands: {order}") };
        let patience = Duration::from_millis(patience_ms.parse().expect("a number"));
        part.say(meet(&place, Deadline::within(patience)));
    }
}

/// How it went with one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// How it ended.
    pub how: How,
    /// The error's words.
    pub words: String,
}

/// How a client's time with a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It got everything, and then the server closed.
    Served,
    /// The server went before that, or refused something.
    Gone,
    /// It broke a rule.
    Fault,
    /// It said nothing until the deadline.
    Silent,
    /// It gave something else than was asked for, and broke no rule by that.
    Unlike,
    /// The system refused something.
    Other,
}

const HOWS: [(How, &str); 6] = [
    (How::Served, "served"),
    (How::Gone, "gone"),
    (How::Fault, "fault"),
    (How::Silent, "silent"),
    (How::Unlike, "unlike"),
    (How::Other, "other"),
];

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = HOWS.iter().find(|(how, _)| *how == self.how).map_or("", |(_, name)| name);
        write!(f, "{how} {}", self.words)
    }
}

impl Met {
    /// So it went, with the error's words.
    pub fn new(how: How, words: impl fmt::Display) -> Self {
        Self { how, words: words.to_string() }
    }

    /// Reads what its [`Display`](fmt::Display) has written; `None` if it is something else.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, words) = line.split_once(' ')?;
        let how = HOWS.iter().find(|(_, known)| *known == name)?.0;
        Some(Self { how, words: words.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_went_is_read_back_as_it_was() {
        for (how, _) in HOWS {
            let met = Met::new(how, "the server has gone");
            assert_eq!(Met::parse(&met.to_string()), Some(met));
        }
        assert_eq!(Met::parse("hello"), None);
    }
}
