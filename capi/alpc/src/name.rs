// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a port is called: Windows' path in UTF-16 as one of Cabotage's names.

use cabotage_alpc::Status;

use crate::status::Answer;

/// The name of the port at this path: without its first backslash, in UTF-8, and otherwise as it is. So `\RPC
/// Control\echo` of C is `RPC Control\echo` of Rust, and `\echo` is `echo`.
pub(crate) fn port_name(path: &[u16]) -> Answer<String> {
    let text = String::from_utf16(path).map_err(|_| Status::OBJECT_NAME_INVALID)?;
    let name = text.strip_prefix('\\').unwrap_or(&text);
    if name.is_empty() { Err(Status::OBJECT_NAME_INVALID) } else { Ok(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_name_without_its_first_backslash() {
        let name = |text: &str| port_name(&text.encode_utf16().collect::<Vec<_>>());
        assert_eq!(name(r"\RPC Control\echo").as_deref(), Ok(r"RPC Control\echo"));
        assert_eq!(name("écho").as_deref(), Ok("écho"));
        assert_eq!(name(r"\"), Err(Status::OBJECT_NAME_INVALID));
        assert_eq!(port_name(&[0xD800]), Err(Status::OBJECT_NAME_INVALID));
    }
}
