// SPDX-License-Identifier: MIT OR Apache-2.0
//! A command line of Windows, one string, taken apart into the arguments that a program of Linux is started with: by the
//! rules that C programs on Windows take theirs apart by.

/// The arguments, the program's own name first.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut rest = line.trim_start_matches(is_space);
    if rest.is_empty() {
        return Vec::new();
    }
    let (name, after) = program(rest);
    let mut arguments = vec![name.to_owned()];
    rest = after.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (argument, after) = argument(rest);
        arguments.push(argument);
        rest = after.trim_start_matches(is_space);
    }
    arguments
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

/// The program's name has no escapes: it ends at its closing quote, or at a space.
fn program(text: &str) -> (&str, &str) {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => text.split_at(text.find(is_space).unwrap_or(text.len())),
    }
}

/// One argument. Backslashes mean something before a quote only: each pair one backslash, and one that is left that the
/// quote is a letter. Two quotes in a quoted part are one letter.
fn argument(text: &str) -> (String, &str) {
    let (mut argument, mut is_quoted) = (String::new(), false);
    let mut rest = text;
    loop {
        let slashes = rest.len() - rest.trim_start_matches('\\').len();
        rest = &rest[slashes..];
        let is_quote = rest.starts_with('"');
        let count = if is_quote { slashes / 2 } else { slashes };
        argument.extend(std::iter::repeat_n('\\', count));
        let mut letters = rest.chars();
        match letters.next() {
            None => return (argument, ""),
            Some('"') if slashes % 2 == 1 => argument.push('"'),
            Some('"') if is_quoted && letters.as_str().starts_with('"') => {
                argument.push('"');
                letters.next();
            }
            Some('"') => is_quoted = !is_quoted,
            Some(letter) if is_space(letter) && !is_quoted => return (argument, rest),
            Some(letter) => argument.push(letter),
        }
        rest = letters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(line: &str, arguments: &[&str]) {
        assert_eq!(split(line), arguments, "{line}");
    }

    #[test]
    fn spaces_part_arguments_and_quotes_keep_them_together() {
        is("", &[]);
        is("  prog  a\tb ", &["prog", "a", "b"]);
        is(r#""my prog" "a b" c"#, &["my prog", "a b", "c"]);
        is(r#"prog "" x"#, &["prog", "", "x"]);
        is(r#"prog a"b c"d"#, &["prog", "ab cd"]);
    }

    #[test]
    fn backslashes_count_before_a_quote_only() {
        is(r#"C:\x\prog.exe a\\b"#, &[r"C:\x\prog.exe", r"a\\b"]);
        is(r#"prog \"a\" b"#, &["prog", "\"a\"", "b"]);
        is(r#"prog "a\\" b"#, &["prog", r"a\", "b"]);
        is(r#"prog "a\\\"b""#, &["prog", r#"a\"b"#]);
        is(r#"prog "a""b""#, &["prog", r#"a"b"#]);
        is("prog tail\\", &["prog", "tail\\"]);
    }
}
