// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim that consumes: an ordinary program that opens the channel, takes whatever comes, and says how it ended.

use std::fmt;
use std::time::Duration;

use cabotage_link::LinkError;
use cabotage_link::quota::Quota;
use cabotage_os::{Deadline, Fault, seam};
use cabotage_shm::{ChannelError, Consumer, ReceiveError};

use super::harbour::RECORDS;
use super::victim_producer::{STREAM, charged, quota};
use crate::hostile::report::{Report, processor_ns};
use crate::record::InOrder;
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// Plays it: its place.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let mut victim = Victim { place, quota: quota(), consumer: None };
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        match words[..] {
            ["meet", patience_ms] => {
                let patience = Duration::from_millis(patience_ms.parse().expect("a number"));
                part.say(victim.meet(patience));
            }
            ["serve"] => part.say(victim.serve().map_or_else(|words| words, |()| "served".to_owned())),
            ["report"] => part.say(victim.report().to_line()),
            _ => panic!("an order that nobody understands: {order}"),
        }
    }
}

/// How it went with one producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// How it ended.
    pub how: How,
    /// How many records came.
    pub records: u64,
    /// The error's words.
    pub words: String,
}

/// How a consumer's time with a producer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The stream is over.
    Closed,
    /// The producer has ended without a word, or is no producer.
    Died,
    /// It broke a rule.
    Fault,
    /// It says that somebody else is with it.
    Occupied,
    /// It said nothing until the deadline.
    Silent,
    /// The system refused something, or the victim was wrong itself.
    Other,
}

const HOWS: [(How, &str); 6] = [
    (How::Closed, "closed"),
    (How::Died, "died"),
    (How::Fault, "fault"),
    (How::Occupied, "occupied"),
    (How::Silent, "silent"),
    (How::Other, "other"),
];

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = HOWS.iter().find(|(how, _)| *how == self.how).map_or("", |(_, name)| name);
        write!(f, "{how} {} {}", self.records, self.words)
    }
}

impl Met {
    /// Reads what its [`Display`](fmt::Display) has written; `None` if it is something else.
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, ' ');
        let name = parts.next()?;
        let how = HOWS.iter().find(|(_, known)| *known == name)?.0;
        let records = parts.next()?.parse().ok()?;
        Some(Self { how, records, words: parts.next()?.to_owned() })
    }
}

struct Victim {
    place: Scratch,
    quota: Quota,
    /// As long as it may be of use.
    consumer: Option<Consumer>,
}

impl Victim {
    /// Opens the channel and takes records until there are no more, or none comes for so long.
    fn meet(&mut self, patience: Duration) -> Met {
        let opened = super::options(&self.place.registry()).quota(&self.quota).open(&super::name());
        let mut consumer = match opened {
            Ok(consumer) => consumer,
            Err(error) => return Met { how: how_of(&error), records: 0, words: error.to_string() },
        };
        let mut records = 0;
        let error = loop {
            match consumer.receive(Deadline::within(patience)) {
                Ok(record) => drop(record.to_vec()),
                Err(error) => break error,
            }
            records += 1;
        };
        let how = how_it_ended(&error);
        // Whoever is silent keeps its link, and another producer could not be heard.
        self.consumer = (how != How::Silent).then_some(consumer);
        Met { how, records, words: error.to_string() }
    }

    /// Takes the records of an honest producer, with the consumer that it has or a new one, and leaves.
    fn serve(&mut self) -> Result<(), String> {
        let mut consumer = match self.consumer.take() {
            Some(consumer) => consumer,
            None => {
                let options = super::options(&self.place.registry()).quota(&self.quota);
                options.until_there(soon()).open(&super::name()).map_err(|error| error.to_string())?
            }
        };
        consumer.wait_for_producer(soon()).map_err(|error| error.to_string())?;
        let mut order = InOrder::from(STREAM, 0);
        for _ in 0..RECORDS {
            let record = consumer.receive(soon()).map_err(|error| error.to_string())?;
            order.take(&record.to_vec()).map_err(|damage| damage.to_string())?;
        }
        match consumer.receive(soon()) {
            Err(ReceiveError::Closed) => Ok(()),
            other => Err(format!("{other:?} instead of the end of the stream")),
        }
    }

    fn report(&self) -> Report {
        let (calls, processor_ns) = (seam::calls(), processor_ns());
        Report { charged: charged(&self.quota), calls, processor_ns, ..Report::default() }
    }
}

fn how_of(error: &ChannelError) -> How {
    match error {
        ChannelError::Missing { .. } => How::Died,
        ChannelError::NoAnswer { .. } => How::Silent,
        ChannelError::Occupied { .. } => How::Occupied,
        ChannelError::Link(LinkError::Closed | LinkError::Died | LinkError::Refused(_)) => How::Died,
        ChannelError::Link(error) if error.fault() == Fault::Peer => How::Fault,
        _ => How::Other,
    }
}

fn how_it_ended(error: &ReceiveError) -> How {
    match error {
        ReceiveError::Nothing => How::Silent,
        ReceiveError::Closed => How::Closed,
        ReceiveError::Died => How::Died,
        ReceiveError::Occupied { .. } => How::Occupied,
        ReceiveError::Fault(_) => How::Fault,
        _ => How::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_went_is_read_back_as_it_was() {
        for (how, _) in HOWS {
            let met = Met { how, records: 7, words: "the producer has gone".to_owned() };
            assert_eq!(Met::parse(&met.to_string()), Some(met));
        }
        assert_eq!(Met::parse("hello"), None);
    }
}
