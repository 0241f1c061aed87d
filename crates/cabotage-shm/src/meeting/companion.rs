// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files beside a named object: `.cabotage-meeting-NUMBER.ROLE`, with a number that nobody can guess.
//!
//! The number is drawn anew for each meeting and stands in the head of its objects. So the files of two meetings
//! never have one name, whatever becomes of the caller's name meanwhile, and a half-made or half-removed meeting is in
//! nobody's way.

use cabotage_os::{SystemError, object};

use crate::name::Name;

const PREFIX: &[u8] = b".cabotage-meeting-";
const DIGITS: usize = 16;

/// Names of the files of one meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Companions {
    number: u64,
}

impl Companions {
    /// Of a new meeting.
    pub(crate) fn draw() -> Result<Self, SystemError> {
        Ok(Self { number: object::unguessable()? })
    }

    /// Of the meeting of this number.
    pub(crate) fn of(number: u64) -> Self {
        Self { number }
    }

    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// Of the meeting that a file belongs to, by its name.
    pub(crate) fn of_file(name: &[u8]) -> Option<Self> {
        let (digits, role) = name.strip_prefix(PREFIX)?.split_at_checked(DIGITS)?;
        let digits =
            str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let number = u64::from_str_radix(digits, 16).ok()?;
        role.starts_with(b".").then_some(Self { number })
    }

    /// The file of `role`: a word without a dot.
    pub(crate) fn file(self, role: &str) -> Name {
        let digits = format!("{:0DIGITS$x}.{role}", self.number);
        Name::reserved([PREFIX, digits.as_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_leads_back_to_its_meeting() {
        let companions = Companions::draw().unwrap();
        assert_eq!(Companions::of_file(companions.file("reader").file_name()), Some(companions));
        for other in [
            "frames",
            ".cabotage-meeting-",
            ".cabotage-meeting-0123456789abcdeg.x",
            ".cabotage-meeting-0123456789abcdef",
        ] {
            assert_eq!(Companions::of_file(other.as_bytes()), None, "{other}");
        }
    }
}
