// SPDX-License-Identifier: MIT OR Apache-2.0
//! Topics by name: which there are, who publishes, how many subscribe, and their removal.

use cabotage::shm::{self, Name, TopicError, TopicGlance, TopicOptions, WhenSlow};
use serde::Serialize;

use super::channel_names::EndRow;
use super::ls::counted;
use super::people;
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::{self, Output, Style};

/// A topic, for programs.
#[derive(Debug, Serialize)]
struct TopicRow {
    kind: &'static str,
    address: String,
    publisher: EndRow,
    subscribers: u32,
    subscribers_max: u32,
    /// `wait` or `drop`.
    when_slow: &'static str,
    /// How many publishers it has had.
    generation: u64,
    capacity_bytes: usize,
    /// Whether nobody takes part.
    left_alone: bool,
    mode: String,
    uid: u32,
    owner: String,
}

impl TopicRow {
    fn of(glance: &TopicGlance) -> Self {
        Self {
            kind: "topic",
            address: Address::Topic(glance.name.clone()).to_string(),
            publisher: EndRow::of(glance.publisher),
            subscribers: glance.subscribers,
            subscribers_max: glance.subscribers_max,
            when_slow: if glance.when_slow == WhenSlow::Wait { "wait" } else { "drop" },
            generation: glance.generation,
            capacity_bytes: glance.capacity_bytes,
            left_alone: glance.is_left_alone(),
            mode: people::mode(glance.mode),
            uid: glance.uid,
            owner: people::owner(glance.uid),
        }
    }

    fn audience(&self) -> String {
        counted(usize::try_from(self.subscribers).unwrap_or(usize::MAX), "subscriber")
    }
}

/// Lists the topics.
pub(crate) fn list(output: &Output) -> Result<(), Failure> {
    for entry in shm::list()? {
        let glance = match TopicOptions::new().look_trusting(&entry.name) {
            Ok(glance) => glance,
            Err(TopicError::System(refusal)) => return Err(refusal.into()),
            Err(_) => continue, // no topic, or none of ours to look into
        };
        let row = TopicRow::of(&glance);
        match output.is_json() {
            true => output.record(&row)?,
            false => output.line(format_args!(
                "{}  {} → {}  {}  {}",
                output.paint(Style::Bold, format_args!("{:32}", row.address)),
                row.publisher.word(),
                row.audience(),
                row.mode,
                row.owner
            ))?,
        }
    }
    Ok(())
}

/// Shows one topic.
pub(crate) fn show(name: &Name, output: &Output) -> Result<(), Failure> {
    let row = TopicRow::of(&TopicOptions::new().look_trusting(name)?);
    if output.is_json() {
        return output.record(&row);
    }
    let policy = if row.when_slow == "wait" { "it waits for the slowest" } else { "the slow lose records" };
    output.line(output.paint(Style::Bold, &row.address))?;
    output.line(format_args!(
        "  {}; this is generation {}",
        row.publisher.sentence("publisher"),
        row.generation
    ))?;
    output.line(format_args!("  {} of at most {}; {policy}", row.audience(), row.subscribers_max))?;
    output.line(format_args!("  a ring of {}", output::bytes(row.capacity_bytes as u64)))?;
    if row.left_alone {
        output.line("  left alone: the next publisher goes on here, `rm` removes it")?;
    }
    output.line(format_args!("  mode {}, owner {}", row.mode, row.owner))
}

/// Removes a topic that nobody takes part in.
///
/// # Errors
/// There is none, somebody takes part, or it is another user's.
pub(crate) fn remove(name: &Name) -> Result<(), Failure> {
    let glance = TopicOptions::new().look_trusting(name)?;
    if !glance.is_left_alone() {
        let row = TopicRow::of(&glance);
        let (publisher, audience) = (row.publisher.sentence("publisher"), row.audience());
        let words = format!("{} is in use ({publisher}, {audience}): end them first", row.address);
        return Err(Failure::new(Exit::Failed, words));
    }
    Ok(TopicOptions::new().create_trusting(name)?.remove()?)
}
