// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files that the rules look at: everything a stranger finds in a fresh clone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::blank::blank;

/// One text file of the repository.
pub(crate) struct File {
    /// Its path from the root of the repository, with slashes.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
    /// Of Rust: the same lines without comments and without what strings say. Of others: the text.
    pub(crate) code: String,
}

impl File {
    /// A file as if it stood at `path`: what the tests of the rules are made of.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { blank(text) } else { text.to_owned() };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn is_manifest(&self) -> bool {
        self.path.ends_with("Cargo.toml")
    }

    pub(crate) fn is_page(&self) -> bool {
        self.path.ends_with(".md")
    }

    /// Whether this is code that a user links, tests at its end included.
    pub(crate) fn is_library(&self) -> bool {
        self.is_rust() && LIBRARIES.iter().any(|krate| self.path.starts_with(&format!("crates/{krate}/src/")))
    }

    /// The code without the tests at its end, which by our habit are one module, the last of the file.
    pub(crate) fn shipped(&self) -> &str {
        if self.path.ends_with("/tests.rs") {
            return "";
        }
        let tests = self.code.find("#[cfg(test)]\nmod ").unwrap_or(self.code.len());
        &self.code[..tests]
    }

    /// A complaint about line `at`, counted from 0.
    pub(crate) fn complain(&self, at: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.path, at + 1)
    }
}

/// The crates that a user links.
pub(crate) const LIBRARIES: [&str; 8] = [
    "cabotage",
    "cabotage-alpc",
    "cabotage-lane",
    "cabotage-link",
    "cabotage-mach",
    "cabotage-os",
    "cabotage-pipe",
    "cabotage-shm",
];

/// Every text file of the repository.
pub(crate) fn all() -> &'static [File] {
    static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
        let mut files = Vec::new();
        gather(&root(), &root(), &mut files);
        assert!(files.len() > 20, "the rules look at the wrong folder: {}", root().display());
        files
    });
    &FILES
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the crate stands in the repository")
}

fn gather(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() || ["target", ".git", "Cargo.lock"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            gather(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            files.push(File::new(&path, &text));
        }
    }
}

/// An exception to a rule: the file (or the folder, with a slash at the end), what its complaints say, the reason.
pub(crate) type Exception = (&'static str, &'static str, &'static str);

/// Fails with every complaint of `rule` about any file.
#[track_caller]
pub(crate) fn keep(rule: impl Fn(&File) -> Vec<String>) {
    keep_except(&[], rule);
}

/// Like [`keep`], but for the exceptions, each of which must still be needed.
#[track_caller]
pub(crate) fn keep_except(exceptions: &[Exception], rule: impl Fn(&File) -> Vec<String>) {
    let covers = |(place, what, _): &Exception, complaint: &str| {
        let rest = complaint.strip_prefix(place);
        rest.is_some_and(|rest| place.ends_with('/') || rest.starts_with(':')) && complaint.contains(what)
    };
    let mut complaints: Vec<String> = all().iter().flat_map(rule).collect();
    let is_idle = |exception: &&Exception| !complaints.iter().any(|complaint| covers(exception, complaint));
    let idle: Vec<&Exception> = exceptions.iter().filter(is_idle).collect();

    complaints.retain(|complaint| !exceptions.iter().any(|exception| covers(exception, complaint)));
    complaints.extend(
        idle.iter().map(|(place, what, _)| {
            format!("{place}: the exception ({what:?}) is needed no more: remove it")
        }),
    );
    assert!(complaints.is_empty(), "{} complaint(s):\n{}", complaints.len(), complaints.join("\n"));
}

/// Where `word` stands in `code` as a word of its own: line (from 0) and column.
pub(crate) fn places(code: &str, word: &str) -> Vec<(usize, usize)> {
    let is_part = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut found = Vec::new();
    for (at, line) in code.lines().enumerate() {
        for (column, _) in line.match_indices(word) {
            let before = line[..column].chars().next_back();
            let after = line[column + word.len()..].chars().next();
            let goes_on = is_part(after) && is_part(word.chars().next_back());
            if !is_part(before) && !goes_on {
                found.push((at, column));
            }
        }
    }
    found
}

#[test]
fn a_word_is_not_found_inside_another() {
    assert_eq!(places("unsafe_code unsafe {", "unsafe"), [(0, 12)]);
    assert_eq!(places("a\neprintln!(\"\")", "println!"), []);
    assert_eq!(places("a\n  println!(\"\")", "println!"), [(1, 2)]);
}

#[test]
fn tests_at_the_end_of_a_file_are_not_shipped() {
    let file = File::new("crates/cabotage-os/src/x.rs", "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n");
    assert!(file.shipped().contains('a') && !file.shipped().contains('b'));
}
