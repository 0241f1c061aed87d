// SPDX-License-Identifier: MIT OR Apache-2.0
//! An environment block of Windows: `NAME=value` strings behind each other, of which the last is empty.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// A variable and its value.
pub(crate) type Variable = (OsString, OsString);

/// The variables of a block. Those that begin with `=`, which Windows keeps directories in, are none here.
pub(crate) fn parse(block: &[u8]) -> Vec<Variable> {
    let lines = block.split(|byte| *byte == 0).take_while(|line| !line.is_empty());
    lines.filter_map(variable).collect()
}

fn variable(line: &[u8]) -> Option<Variable> {
    let at = line.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
    Some((OsString::from_vec(line[..at].to_vec()), OsString::from_vec(line[at + 1..].to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_with_its_empty_string() {
        let variables = parse(b"A=1\0=C:=C:\\x\0B=x=y\0EMPTY=\0nothing\0\0AFTER=1\0");
        let wanted = [("A", "1"), ("B", "x=y"), ("EMPTY", "")];
        assert_eq!(variables, wanted.map(|(name, value)| (name.into(), value.into())));
        assert_eq!(parse(b"\0"), []);
    }
}
