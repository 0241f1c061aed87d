// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules about pages: what they point to exists, and nothing points to somebody's machine.

use std::path::{Component, Path, PathBuf};

use crate::files::{File, all, keep, root};

/// Pieces of names, so that this file does not name what it bans.
const PRIVATE_FOLDERS: [&str; 4] = ["root", "home", "Users", "work"];
const REGISTRIES: [(&str, &str); 5] =
    [("crates", ".io"), ("pypi", ".org"), ("npmjs", ".org"), ("debian", ".org"), ("proxy.golang", ".org")];

fn names_a_registry(file: &File) -> Vec<String> {
    let hosts = REGISTRIES.map(|(name, end)| format!("{name}{end}"));
    let names_one = |line: &str| hosts.iter().any(|host| line.contains(host));
    complain_of_lines(file, names_one, "names the host of a registry: say what to type into cargo instead")
}

fn names_a_machine(file: &File) -> Vec<String> {
    let names_one = |line: &str| PRIVATE_FOLDERS.iter().any(|folder| has_absolute(line, folder));
    complain_of_lines(file, names_one, "names a folder of one machine: make the path relative")
}

/// Whether an absolute path on this line begins with `folder`.
fn has_absolute(line: &str, folder: &str) -> bool {
    let start = format!("/{folder}/");
    line.match_indices(&start).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"./_-}>*".contains(c))
    })
}

fn complain_of_lines(file: &File, is_bad: impl Fn(&str) -> bool, what: &str) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    lines.filter(|(_, line)| is_bad(line)).map(|(at, _)| file.complain(at, what)).collect()
}

fn points_nowhere(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        let links = if file.is_page() { links(line) } else { mentions(file, line) };
        for link in links.into_iter().filter(|link| !exists(file, link)) {
            complaints.push(file.complain(at, &format!("`{link}` points to nothing")));
        }
    }
    complaints
}

/// The targets of `[…](…)` on a line of a page that lie in the repository.
fn links(line: &str) -> Vec<String> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .map(str::to_owned)
        .collect()
}

/// The pages under docs that a line of source names, seen from the root.
fn mentions(file: &File, line: &str) -> Vec<String> {
    if !file.is_rust() || file.path.contains("/tidy/") {
        return Vec::new();
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || "/-_.#".contains(c);
    let words = line.split(|c| !is_part(c)).filter(|word| word.starts_with("docs/"));
    words.map(|word| format!("/{}", word.trim_end_matches('.'))).collect()
}

fn exists(file: &File, link: &str) -> bool {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match (path, path.strip_prefix('/')) {
        ("", _) => PathBuf::from(&file.path),
        (_, Some(from_root)) => PathBuf::from(from_root),
        _ => flat(&Path::new(&file.path).parent().unwrap_or(Path::new("")).join(path)),
    };
    let page = all().iter().find(|page| Path::new(&page.path) == target);
    match (anchor, page) {
        ("", None) => root().join(&target).exists() || is_start_of_a_path(&target.to_string_lossy()),
        ("", Some(_)) => true,
        (anchor, page) => {
            page.or((path.is_empty()).then_some(file)).is_some_and(|page| has_anchor(&page.text, anchor))
        }
    }
}

/// A decision may be named by its number alone.
fn is_start_of_a_path(start: &str) -> bool {
    start.starts_with("docs/decisions/") && all().iter().any(|page| page.path.starts_with(start))
}

/// The path without `..`.
fn flat(path: &Path) -> PathBuf {
    let mut flat = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            flat.pop();
        } else {
            flat.push(part);
        }
    }
    flat
}

/// Whether a heading of the page makes `anchor`, or an `<a id>` sets it.
fn has_anchor(page: &str, anchor: &str) -> bool {
    let headings =
        page.lines().filter(|line| line.starts_with('#')).map(|line| slug(line.trim_start_matches('#')));
    page.contains(&format!("<a id=\"{anchor}\">")) || headings.into_iter().any(|heading| heading == anchor)
}

/// How a heading becomes an anchor.
fn slug(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    heading.trim().to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_point_to_something() {
    keep(points_nowhere);
}

#[test]
fn no_registry_is_named() {
    keep(names_a_registry);
}

#[test]
fn no_folder_of_one_machine_is_named() {
    keep(names_a_machine);
}

#[test]
fn a_dead_link_is_found() {
    let page = |text| points_nowhere(&File::new("docs/x.md", &format!("# A head, here\n{text}")));
    assert_eq!(page("[a](missing.md) and [b](../missing.md)").len(), 2);
    assert_eq!(page("[a](#a-head-here) [b](../Cargo.toml) [c](https://example.org)").len(), 0);
    assert_eq!(page("[a](#no-head)").len(), 1);
    let source = File::new("crates/x/src/lib.rs", "// see docs/missing.md#there.");
    assert_eq!(points_nowhere(&source).len(), 1);
    let decisions = File::new("crates/x/src/lib.rs", "// docs/decisions/0001, docs/decisions/9999");
    assert_eq!(points_nowhere(&decisions).len(), 1);
}

#[test]
fn a_registry_or_a_machine_is_found() {
    let page = |text: &str| File::new("docs/x.md", text);
    assert_eq!(names_a_registry(&page(&["see https://crates", ".io/x"].concat())).len(), 1);
    assert_eq!(names_a_machine(&page(&["run `", "/home", "/me/x`"].concat())).len(), 1);
    assert_eq!(names_a_machine(&page("in crates/x/home/y and $HOME/x")).len(), 0);
}
