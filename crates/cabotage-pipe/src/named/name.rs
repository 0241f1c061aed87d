// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of pipes: `\\.\pipe\` and what follows, told apart without regard to case, and the file that each has.
//!
//! What follows the prefix is one name, whatever stands in it: backslashes, dots, slashes and stars mean nothing, and
//! `a/b`, `a\b` and `a\b\` are three names. Two names are one when they differ in case only.

use std::fmt;
use std::str::FromStr;

use cabotage_link::names::Name;
use sha2::{Digest, Sha256};

use super::error::{NameProblem, PipeError};

/// The name of a pipe.
#[derive(Clone)]
pub struct PipeName {
    /// What follows the prefix, as it was written.
    given: String,
    /// The same without regard to case: what is compared.
    folded: String,
    /// Its place in a directory of names.
    file: Name,
}

/// What every full name begins with.
pub const PREFIX: &str = r"\\.\pipe\";

/// The most characters (UTF-16 units) of a full name, prefix included.
pub const CHARACTERS_MAX: usize = 256;

/// The most bytes of a name's file.
const FILE_BYTES_MAX: usize = 200;

impl PipeName {
    /// The name as Windows wants it: with the prefix.
    ///
    /// # Errors
    /// [`PipeError::InvalidName`] without the prefix, or with nothing or too much behind it;
    /// [`PipeError::PathNotFound`] when there is no name at all.
    pub fn exact(text: &str) -> Result<Self, PipeError> {
        if text.is_empty() {
            return Err(PipeError::PathNotFound);
        }
        match without_prefix(text) {
            Some(rest) => Self::of(rest),
            None if is_remote(text) => Err(PipeError::InvalidName(NameProblem::Remote)),
            None => Err(PipeError::InvalidName(NameProblem::Prefix)),
        }
    }

    /// The name with its prefix, or without it: `chat` is `\\.\pipe\chat`. What begins with a backslash has to have
    /// the prefix.
    ///
    /// # Errors
    /// As [`PipeName::exact`].
    pub fn parse(text: &str) -> Result<Self, PipeError> {
        if text.is_empty() || text.starts_with('\\') { Self::exact(text) } else { Self::of(text) }
    }

    fn of(rest: &str) -> Result<Self, PipeError> {
        if rest.is_empty() {
            return Err(PipeError::InvalidName(NameProblem::Bare));
        }
        if rest.contains('\0') {
            return Err(PipeError::InvalidName(NameProblem::ZeroCharacter));
        }
        let characters = PREFIX.len() + rest.encode_utf16().count();
        if characters > CHARACTERS_MAX {
            return Err(PipeError::InvalidName(NameProblem::TooLong { characters }));
        }
        let folded: String = rest.chars().map(fold).collect();
        let file = Name::parse(file_name(&folded)).map_err(|_| PipeError::InvalidName(NameProblem::Bare))?;
        Ok(Self { given: rest.to_owned(), folded, file })
    }

    /// What follows the prefix, as it was written.
    pub fn short(&self) -> &str {
        &self.given
    }

    /// The name without regard to case: equal for equal names.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The name in a directory of names; no two names have the same.
    pub fn file(&self) -> &Name {
        &self.file
    }
}

/// What follows the prefix, if it is there. Its letters may be of any case.
fn without_prefix(text: &str) -> Option<&str> {
    let (head, rest) = text.split_at_checked(PREFIX.len())?;
    head.eq_ignore_ascii_case(PREFIX).then_some(rest)
}

/// Whether the name is one of a pipe on some machine: `\\machine\pipe\x`.
fn is_remote(text: &str) -> bool {
    let mut parts = text.strip_prefix(r"\\").unwrap_or_default().splitn(3, '\\');
    let machine = parts.next().unwrap_or_default();
    let device = parts.next().unwrap_or_default();
    !matches!(machine, "" | "." | "?") && device.eq_ignore_ascii_case("pipe") && parts.next().is_some()
}

/// The lower case of a letter whose upper and lower case lead to each other, one to one; everything else stays. So
/// signs that only look like a letter, as the dotless i, are not taken for it.
fn fold(letter: char) -> char {
    let lower = alone(letter.to_lowercase());
    match lower.map(|lower| (lower, alone(lower.to_uppercase()))) {
        Some((lower, Some(upper))) if upper == letter => lower,
        _ => letter,
    }
}

fn alone(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let first = letters.next();
    if letters.next().is_none() { first } else { None }
}

/// A file name for a folded name: plain letters stay, all else is written as its bytes. A long one ends in a digest
/// of all of it instead.
fn file_name(folded: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let mut file = String::new();
    for (at, byte) in folded.bytes().enumerate() {
        if is_plain(byte) && (at > 0 || byte != b'.') {
            file.push(byte.into());
        } else {
            file.push_str(&format!("%{byte:02X}"));
        }
    }
    if file.len() <= FILE_BYTES_MAX {
        return file;
    }
    let digest: String = Sha256::digest(folded).iter().map(|byte| format!("{byte:02x}")).collect();
    // No escape has this form, so it is no other name's.
    file.truncate(FILE_BYTES_MAX - 2 - digest.len());
    file + "%~" + &digest
}

impl PartialEq for PipeName {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for PipeName {}

impl FromStr for PipeName {
    type Err = PipeError;

    fn from_str(text: &str) -> Result<Self, PipeError> {
        Self::parse(text)
    }
}

impl fmt::Display for PipeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.given)
    }
}

impl fmt::Debug for PipeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PipeName({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(text: &str) -> NameProblem {
        match PipeName::exact(text) {
            Err(PipeError::InvalidName(problem)) => problem,
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    #[test]
    fn a_name_that_does_not_start_with_the_prefix_is_invalid() {
        for text in ["chat", "pipe\\chat", r"\.\pipe\chat", r"\\.\pip\chat", "//./pipe/chat", r"\\.\pipechat"]
        {
            assert_eq!(problem(text), NameProblem::Prefix, "{text}");
        }
        assert_eq!(PipeName::exact("bad name").unwrap_err().code(), 123);
        assert_eq!(PipeName::parse(r"\chat").unwrap_err().code(), 123);
    }

    #[test]
    fn no_name_at_all_is_a_path_that_is_not_found() {
        assert_eq!(PipeName::exact("").unwrap_err().code(), 3);
        assert_eq!(PipeName::parse("").unwrap_err().code(), 3);
    }

    #[test]
    fn a_bare_device_name_is_invalid() {
        assert_eq!(problem(r"\\.\pipe\"), NameProblem::Bare);
        assert_eq!(problem(r"\\.\pipe"), NameProblem::Prefix);
    }

    #[test]
    fn a_name_has_up_to_256_characters_prefix_included() {
        let longest = format!("{PREFIX}{}", "x".repeat(256 - 9));
        assert!(PipeName::exact(&longest).is_ok());
        assert_eq!(problem(&format!("{longest}x")), NameProblem::TooLong { characters: 257 });
        // Two UTF-16 units each.
        assert!(PipeName::parse(&"𝒳".repeat(123)).is_ok());
        assert_eq!(PipeName::parse(&"𝒳".repeat(124)).unwrap_err().code(), 123);
    }

    #[test]
    fn a_name_is_the_same_in_upper_and_in_lower_case() {
        let name = PipeName::exact(r"\\.\pipe\Chat Ärger").unwrap();
        assert_eq!(name, PipeName::exact(r"\\.\PIPE\cHAT äRGER").unwrap());
        assert_eq!(name.file(), PipeName::parse("chat ärger").unwrap().file());
        assert_eq!(name.to_string(), r"\\.\pipe\Chat Ärger");
        assert_ne!(PipeName::parse("ı").unwrap(), PipeName::parse("I").unwrap());
    }

    #[test]
    fn nearly_everything_is_a_name() {
        for rest in [r#"a<>*?|"/b"#, " ", "a\u{1}b", "%", "%41", ".new", ".x.lock", "\u{fffd}", "a:b"] {
            assert_eq!(PipeName::exact(&format!("{PREFIX}{rest}")).unwrap().short(), rest);
        }
    }

    #[test]
    fn a_trailing_backslash_is_a_different_name() {
        assert_ne!(PipeName::parse(r"a\").unwrap(), PipeName::parse("a").unwrap());
    }

    #[test]
    fn dots_are_literal_components() {
        let files = [".", "..", r"a\..\b", r"a\.\b", "b", r"a\b"]
            .map(|rest| PipeName::parse(rest).unwrap().file().to_string());
        for (at, file) in files.iter().enumerate() {
            assert!(!files[..at].contains(file), "{file} stands for two names");
            assert!(!file.starts_with('.') && !file.contains('/'));
        }
    }

    #[test]
    fn a_slash_is_no_backslash() {
        assert_ne!(PipeName::parse("a/b").unwrap(), PipeName::parse(r"a\b").unwrap());
    }

    #[test]
    fn the_paved_path_takes_chat_for_the_full_name() {
        assert_eq!(PipeName::parse("chat").unwrap(), PipeName::exact(r"\\.\pipe\chat").unwrap());
        assert_eq!(PipeName::parse(r"\\.\pipe\chat").unwrap().short(), "chat");
        assert_eq!(PipeName::parse("chat").unwrap().file().to_string(), "chat");
    }

    #[test]
    fn a_pipe_of_another_machine_is_refused_in_words() {
        assert_eq!(problem(r"\\server\pipe\x"), NameProblem::Remote);
        assert_eq!(problem(r"\\?\pipe\x"), NameProblem::Prefix);
    }

    #[test]
    fn a_name_that_is_too_long_for_a_file_ends_in_a_digest() {
        let (one, two) = ("*".repeat(200), format!("{}+", "*".repeat(199)));
        let [one, two] = [one, two].map(|rest| PipeName::parse(&rest).unwrap().file().to_string());
        assert_ne!(one, two);
        assert!(one.len() <= FILE_BYTES_MAX && one.contains("%~"));
    }

    proptest! {
        #[test]
        fn different_names_have_different_files(one in "\\PC{1,80}", two in "\\PC{1,80}") {
            let [one, two] = [one, two].map(|rest| PipeName::of(&rest).unwrap());
            prop_assert_eq!(one == two, one.file() == two.file());
        }
    }
}
