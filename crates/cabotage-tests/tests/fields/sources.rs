// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fields of a struct or enum, as its source says: read as text, since most are private to their crates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Types by where they stand, and parts that are taken apart wherever their type is named.
pub(crate) struct Known {
    texts: BTreeMap<String, String>,
    parts: BTreeMap<String, String>,
}

impl Known {
    /// With these parts: file and type.
    pub(crate) fn read(parts: &[(&str, &str)]) -> Self {
        let body = |(path, name): &(&str, &str)| ((*name).to_owned(), body_of(&source(path), name));
        Self { texts: BTreeMap::new(), parts: parts.iter().map(body).collect() }
    }

    /// As if the file at `path` said this.
    pub(crate) fn pretend(&mut self, path: &str, text: &str) {
        self.texts.insert(path.to_owned(), without_comments(text));
    }

    /// The fields of a type, each behind `prefix`, which for an enum without one is its variant.
    pub(crate) fn fields_of(&self, path: &str, name: &str, prefix: &str) -> Vec<String> {
        let text = self.texts.get(path).cloned().unwrap_or_else(|| source(path));
        let body = body_of(&text, name);
        if !prefix.is_empty() {
            return self.fields_in(&body, prefix);
        }
        let mut fields = Vec::new();
        for variant in split(&body) {
            let (name, inside) = named(&variant);
            let prefix = name.to_lowercase();
            fields.push(format!("{prefix}.kind"));
            match inside {
                Some(('{', inside)) => fields.extend(self.fields_in(inside, &prefix)),
                Some((_, kind)) => fields.extend(self.leaf(kind, &prefix, "bytes")),
                None => {}
            }
        }
        fields
    }

    fn fields_in(&self, body: &str, prefix: &str) -> Vec<String> {
        let mut fields = Vec::new();
        for field in split(body) {
            let Some((name, kind)) = field.split_once(':') else { continue };
            let name = name.trim().rsplit(' ').next().unwrap_or_default();
            fields.extend(self.leaf(kind, prefix, name));
        }
        fields
    }

    /// The field of this type, or the fields of the part that its type is.
    fn leaf(&self, kind: &str, prefix: &str, name: &str) -> Vec<String> {
        let part = self.parts.iter().find(|(part, _)| has_word(kind, part));
        let Some((_, body)) = part else { return vec![format!("{prefix}.{name}")] };
        if split(body).iter().all(|field| field.contains(':')) {
            return self.fields_in(body, prefix);
        }
        // An enum: a code says which, and each variant has its own.
        let mut fields = vec![format!("{prefix}.code")];
        for variant in split(body) {
            if let (_, Some((_, kind))) = named(&variant) {
                fields.extend(self.leaf(kind, prefix, &kind.trim().to_lowercase()));
            }
        }
        fields
    }
}

/// The types below `folder` that are laid out for other processes: path and name.
pub(crate) fn shared_types(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&entry).unwrap();
                let names = shared_in(&text).into_iter();
                found.extend(names.map(|name| (entry.display().to_string(), name)));
            }
        }
    }
    found
}

fn shared_in(text: &str) -> Vec<String> {
    let tests = text.find("#[cfg(test)]\nmod ").or_else(|| text.find("#[cfg(all(test")).unwrap_or(text.len());
    let text = without_comments(&text[..tests]);
    let marks = ["#[repr(C", "plain! {"];
    let starts = marks.iter().flat_map(|mark| text.match_indices(mark).map(|(at, _)| at));
    let name = |at: usize| {
        let rest = text[at..].split_once("struct ")?.1;
        Some(rest.chars().take_while(|c| c.is_alphanumeric()).collect::<String>())
    };
    starts.filter_map(name).filter(|name| !name.is_empty()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn source(path: &str) -> String {
    without_comments(&fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}")))
}

fn without_comments(text: &str) -> String {
    let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.trim_start().starts_with("#![");
    let lines: Vec<_> = text.lines().filter(is_code).collect();
    lines.join("\n")
}

/// What stands between the braces of this type.
fn body_of(text: &str, name: &str) -> String {
    let is_it = |at: usize| {
        let rest = &text[at..];
        rest.starts_with(|c: char| !c.is_alphanumeric())
    };
    let find = |keyword: &str| {
        let head = format!("{keyword} {name}");
        text.match_indices(&head).map(|(at, _)| at + head.len()).find(|at| is_it(*at))
    };
    let at = find("struct").or_else(|| find("enum")).unwrap_or_else(|| panic!("there is no type {name}"));
    let open = at + text[at..].find('{').expect("a body");
    let mut depth = 0;
    for (offset, character) in text[open..].char_indices() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        if depth == 0 {
            return text[open + 1..open + offset].to_owned();
        }
    }
    panic!("the body of {name} does not end")
}

/// The parts between commas, brackets of all kinds left whole; without attributes.
fn split(body: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for character in body.chars() {
        depth += i32::from("{([<".contains(character)) - i32::from("})]>".contains(character));
        if character == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    let trimmed = parts.iter().map(|part| part.trim().to_owned());
    trimmed.filter(|part| !part.is_empty()).collect()
}

/// A variant's name, and what stands in its brackets.
fn named(variant: &str) -> (&str, Option<(char, &str)>) {
    let Some(at) = variant.find(['{', '(']) else { return (variant.trim(), None) };
    let inside = variant[at + 1..].trim_end().trim_end_matches(['}', ')']);
    (variant[..at].trim(), variant[at..].chars().next().map(|bracket| (bracket, inside)))
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|part| part == word)
}
