// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names as the Win32 calls take them, which is narrower than what a pipe may be called: a slash is a backslash, and
//! `.` and `..` are no names.

use cabotage_pipe::named::PipeName;

use crate::failure::{Answer, Failure};

/// The name of a pipe to create.
///
/// # Errors
/// `ERROR_PATH_NOT_FOUND` without a name, `ERROR_INVALID_NAME` for one that is no local pipe's.
pub(crate) fn to_create(text: &str) -> Answer<PipeName> {
    let text = text.replace('/', "\\");
    let name = PipeName::exact(&text)?;
    match name.short() {
        "." | ".." => Err(Failure::INVALID_NAME),
        _ => Ok(name),
    }
}

/// The name of a pipe to open. What is no pipe's is refused in words of its own: there are no files here.
///
/// # Errors
/// `ERROR_BAD_NETPATH` for a pipe of another machine, `ERROR_NOT_SUPPORTED` for a file or a device.
pub(crate) fn to_open(text: &str) -> Answer<PipeName> {
    let slashed = text.replace('/', "\\");
    match kind(&slashed) {
        Kind::Pipe => to_create(&slashed),
        Kind::Remote => Err(Failure::BAD_NETPATH),
        Kind::Nothing => Err(Failure::PATH_NOT_FOUND),
        Kind::File => Err(Failure::NOT_SUPPORTED),
    }
}

enum Kind {
    Pipe,
    Remote,
    Nothing,
    File,
}

fn kind(text: &str) -> Kind {
    if text.is_empty() {
        return Kind::Nothing;
    }
    let Some(rest) = text.strip_prefix(r"\\") else { return Kind::File };
    let mut parts = rest.splitn(3, '\\');
    let (machine, device) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (machine, device.eq_ignore_ascii_case("pipe")) {
        (".", true) => Kind::Pipe,
        ("." | "?" | "", _) => Kind::File,
        _ => Kind::Remote,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> [u32; 2] {
        [to_create(name), to_open(name)].map(|answer| answer.unwrap_err().code)
    }

    #[test]
    fn a_slash_is_a_backslash_through_the_win32_calls() {
        let name = to_create(r"\\.\pipe\a/b").unwrap();
        assert_eq!(name, to_open(r"\\.\pipe\a\b").unwrap());
        assert_eq!(name, to_open("//./pipe/a/b").unwrap());
    }

    #[test]
    fn what_is_no_local_pipe_is_refused_and_says_why() {
        assert_eq!(refused(""), [3, 3]);
        assert_eq!(refused(r"\\server\pipe\x"), [123, 53]);
        assert_eq!(refused(r"C:\file"), [123, 50]);
        assert_eq!(refused(r"\\.\COM1"), [123, 50]);
        assert_eq!(refused(r"\\.\pipe\"), [123, 123]);
        assert_eq!(refused(r"\\.\pipe\."), [123, 123]);
        assert_eq!(refused(r"\\.\pipe\.."), [123, 123]);
    }
}
