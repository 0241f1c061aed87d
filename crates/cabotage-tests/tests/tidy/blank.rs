// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rust without its comments and without what its strings say, line for line, so that rules see code only.

/// Replaces comments and the insides of string and character literals by spaces; lines stay where they are.
pub(crate) fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest, code.chars().next_back()));
        let (end, kept) =
            skipped.map_or((first.len_utf8(), first.to_string()), |end| (end, hollow(&rest[..end])));
        code.push_str(&kept);
        rest = &rest[end..];
    }
    code
}

/// Spaces for every character but the ends of lines.
fn hollow(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

/// How long the comment is that `text` begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    Some(text.len())
}

/// How long the string or character literal is that `text` begins with; `before` is the character before it.
fn literal(text: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return text.starts_with('"').then(|| quoted(text, '"'));
    }
    let unprefixed = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - unprefixed.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let body = raw[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = body.find(&end).map_or(body.len(), |at| at + end.len());
        return Some(prefix + 1 + hashes + 1 + length);
    }
    match unprefixed.chars().next()? {
        '"' => Some(prefix + quoted(unprefixed, '"')),
        '\'' if is_character(unprefixed) => Some(prefix + quoted(unprefixed, '\'')),
        _ => None,
    }
}

/// Whether the apostrophe that `text` begins with starts a character and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut after = text.chars().skip(1);
    after.next() == Some('\\') || after.next() == Some('\'')
}

/// How long the quoted literal is, ends included.
fn quoted(text: &str, end: char) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == end => return at + end.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::blank;

    #[test]
    fn comments_go_and_lines_stay() {
        assert_eq!(blank("a // unsafe\nb /* x /* y */ z\n */ c"), "a          \nb               \n    c");
    }

    #[test]
    fn what_strings_say_is_no_code() {
        assert_eq!(blank(r#"f("a // \" b", x)"#), "f(           , x)");
        assert_eq!(blank("f(r#\"un\"safe\"#, b\"x\")"), "f(            ,     )");
        assert_eq!(blank(r#"var"x""#), "var   ", "a prefix that we do not know is code");
    }

    #[test]
    fn a_lifetime_is_no_character() {
        assert_eq!(blank("&'a str, '\"', '\\'', 'b' x"), "&'a str,    ,     ,     x");
    }
}
