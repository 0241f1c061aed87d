// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the definition of a pipe is written down: a few lines of text, whole before anybody can read them, and never
//! changed afterwards.

use std::os::fd::AsFd;

use cabotage_os::directory::{self, Directory};
use cabotage_os::{Errno, SystemError, object};

use super::definition::{Creators, Definition, Rights};
use super::refusal::damaged;
use crate::named::error::PipeError;
use crate::named::rules::{Direction, InstancesMax};

/// What the first line says: which layout of the folder this is.
const VERSION: &str = "cabotage named pipe 1";

/// More than the longest record has: a name of 247 characters takes up to 741 bytes.
const BYTES_MAX: usize = 1024;

/// Writes the record into a file that nobody sees yet.
pub(super) fn write(
    directory: &Directory,
    name: &directory::Name,
    definition: &Definition,
) -> Result<(), SystemError> {
    let text = to_text(definition);
    let file =
        directory.create_private(name)?.ok_or_else(|| SystemError::new("openat", name, Errno::EXIST))?;
    match object::write_at(&file, 0, text.as_bytes(), name)? {
        all if all == text.len() => Ok(()),
        _ => Err(SystemError::new("pwrite", name, Errno::NOSPC)),
    }
}

/// What the record says.
pub(super) fn read(
    file: impl AsFd,
    directory: &Directory,
    name: &directory::Name,
) -> Result<Definition, PipeError> {
    let mut bytes = [0; BYTES_MAX];
    let count = object::read_at(file, 0, &mut bytes, name)?;
    let text = std::str::from_utf8(&bytes[..count]).ok();
    text.and_then(of_text).ok_or_else(|| damaged(directory))
}

fn to_text(definition: &Definition) -> String {
    let Definition { name, direction, instances_max, default_timeout_ms, rights } = definition;
    let direction = word_of(&DIRECTIONS, *direction);
    let creators = word_of(&CREATORS, rights.creators);
    let group = rights.group.map_or("-".into(), |gid| gid.to_string());
    let (instances, mode) = (instances_max.number(), rights.mode);
    format!(
        "{VERSION}\n{direction} instances {instances} timeout-ms {default_timeout_ms}\n\
         mode {mode:o} group {group} creators {creators}\n{name}"
    )
}

fn of_text(text: &str) -> Option<Definition> {
    let mut lines = text.splitn(4, '\n');
    if lines.next()? != VERSION {
        return None;
    }
    let kind: Vec<_> = lines.next()?.split(' ').collect();
    let rights: Vec<_> = lines.next()?.split(' ').collect();
    let name = lines.next()?.to_owned();
    let (
        [direction, "instances", instances, "timeout-ms", timeout],
        ["mode", mode, "group", group, "creators", creators],
    ) = (&kind[..], &rights[..])
    else {
        return None;
    };
    let group = match *group {
        "-" => None,
        gid => Some(gid.parse().ok()?),
    };
    let mode = u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o777)?;
    Some(Definition {
        name,
        direction: of_word(&DIRECTIONS, direction)?,
        instances_max: InstancesMax::new(instances.parse().ok()?).ok()?,
        default_timeout_ms: timeout.parse().ok().filter(|ms| *ms > 0)?,
        rights: Rights { mode, group, creators: of_word(&CREATORS, creators)? },
    })
}

/// Decodes a record; what is one is written down so that the same is read back.
#[cfg(feature = "fuzzing")]
pub(super) fn decode(bytes: &[u8]) {
    if let Some(definition) = std::str::from_utf8(bytes).ok().and_then(of_text) {
        assert_eq!(of_text(&to_text(&definition)), Some(definition));
    }
}

const DIRECTIONS: [(Direction, &str); 3] =
    [(Direction::Inbound, "inbound"), (Direction::Outbound, "outbound"), (Direction::Duplex, "duplex")];

const CREATORS: [(Creators, &str); 3] =
    [(Creators::SameUser, "user"), (Creators::Group, "group"), (Creators::Everyone, "everyone")];

fn word_of<T: PartialEq>(words: &[(T, &'static str)], value: T) -> &'static str {
    words.iter().find(|(meant, _)| *meant == value).map_or("", |(_, word)| word)
}

fn of_word<T: Copy>(words: &[(T, &'static str)], text: &str) -> Option<T> {
    words.iter().find(|(_, word)| *word == text).map(|(meant, _)| *meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back_whatever_the_name() {
        for name in ["chat".to_owned(), "a\nb\n".to_owned(), "\u{fffd}".repeat(247)] {
            for (direction, creators, group, max) in [
                (Direction::Inbound, Creators::SameUser, None, 1),
                (Direction::Outbound, Creators::Group, Some(0), 254),
                (Direction::Duplex, Creators::Everyone, Some(u32::MAX), 255),
            ] {
                let definition = Definition {
                    name: name.clone(),
                    direction,
                    instances_max: InstancesMax::new(max).unwrap(),
                    default_timeout_ms: u32::MAX - 1,
                    rights: Rights { mode: 0o777, group, creators },
                };
                let text = to_text(&definition);
                assert!(text.len() < BYTES_MAX);
                assert_eq!(of_text(&text), Some(definition));
            }
        }
    }

    #[test]
    fn nonsense_defines_nothing() {
        let good =
            "cabotage named pipe 1\nduplex instances 3 timeout-ms 50\nmode 600 group - creators user\nx";
        assert!(of_text(good).is_some());
        for (one, other) in [
            ("pipe 1", "pipe 2"),
            ("duplex", "both"),
            ("3", "0"),
            ("3", "256"),
            ("50", "0"),
            ("600", "1777"),
            ("-", "-1"),
            ("user", ""),
            ("\nx", ""),
        ] {
            assert_eq!(of_text(&good.replacen(one, other, 1)), None, "{other} for {one}");
        }
    }
}
