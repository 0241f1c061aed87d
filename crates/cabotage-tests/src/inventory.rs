// SPDX-License-Identifier: MIT OR Apache-2.0
//! What there is before and after: descriptors, maps, processes, and what stands in folders; the difference in words.
//!
//! Numbers and addresses are left out, so two pictures are equal when nothing came and nothing stayed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::scratch::Scratch;

/// A picture of what there is: each thing in words, and how many of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    things: BTreeMap<String, usize>,
}

impl Inventory {
    /// What this process has: descriptors and shared maps.
    pub fn of_self() -> Self {
        Self::of_process(std::process::id())
    }

    /// What process `pid` has, as far as this one may look.
    pub fn of_process(pid: u32) -> Self {
        let mut inventory = Self::default();
        inventory.add_descriptors(pid);
        inventory.add_maps(pid);
        inventory
    }

    /// And the processes that this one has started and not reaped.
    #[must_use]
    pub fn and_children(mut self) -> Self {
        self.add_children(std::process::id());
        self
    }

    /// And what stands in a scratch place: files of its folder, objects in shared memory.
    #[must_use]
    pub fn and_place(mut self, place: &Scratch) -> Self {
        self.add_folder(place.folder(), place.folder());
        self.add_folder(&place.memory(), &place.memory());
        for object in place.objects() {
            self.add(format!("object {} in shared memory", object.replacen(place.prefix(), "…", 1)));
        }
        self
    }

    /// How many things there are.
    pub fn count(&self) -> usize {
        self.things.values().sum()
    }

    /// What has changed since `before`; `None` if nothing.
    pub fn since(&self, before: &Self) -> Option<String> {
        let mut names: Vec<_> = self.things.keys().chain(before.things.keys()).collect();
        names.sort();
        names.dedup();
        let words = names.into_iter().filter_map(|name| {
            let now = self.things.get(name).copied().unwrap_or(0);
            let then = before.things.get(name).copied().unwrap_or(0);
            match now.cmp(&then) {
                std::cmp::Ordering::Equal => None,
                std::cmp::Ordering::Greater => Some(format!("{} more: {name}", now - then)),
                std::cmp::Ordering::Less => Some(format!("{} fewer: {name}", then - now)),
            }
        });
        let words: Vec<_> = words.collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    fn add(&mut self, thing: String) {
        *self.things.entry(thing).or_default() += 1;
    }

    fn add_descriptors(&mut self, pid: u32) {
        let folder = format!("/proc/{pid}/fd");
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            // The descriptor by which we look is gone by now, or stands for this very folder.
            let Ok(target) = fs::read_link(entry.path()) else { continue };
            let target = target.to_string_lossy().into_owned();
            if target != folder && !target.ends_with(&format!("/{pid}/fd")) {
                self.add(format!("descriptor of {}", without_numbers(&target)));
            }
        }
    }

    fn add_maps(&mut self, pid: u32) {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        for line in maps.lines() {
            let mut fields = line.split_ascii_whitespace();
            let rights = fields.nth(1).unwrap_or_default();
            if rights.ends_with('s') {
                let name: Vec<_> = fields.skip(3).collect();
                self.add(format!("shared map ({}) of {}", &rights[..2], without_numbers(&name.join(" "))));
            }
        }
    }

    fn add_children(&mut self, pid: u32) {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            // `number (name) state parent …`, and the name may hold anything.
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let Some((start, rest)) = stat.rsplit_once(") ") else { continue };
            let parent = rest.split(' ').nth(1).and_then(|parent| parent.parse().ok());
            if let (Some((_, name)), true) = (start.split_once('('), parent == Some(pid)) {
                self.add(format!("process {name}"));
            }
        }
    }

    fn add_folder(&mut self, root: &Path, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            if kind.is_dir() {
                self.add_folder(root, &path);
            } else if kind.is_socket() {
                self.add(format!("socket {name}"));
            } else if kind.is_fifo() {
                self.add(format!("FIFO {name}"));
            } else {
                self.add(format!("file {name}"));
            }
        }
    }
}

/// `socket:[123]` without the number; what has a name keeps it.
fn without_numbers(target: &str) -> String {
    match target.split_once(":[") {
        Some((kind, _)) => format!("a {kind}"),
        None => target.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(things: &[(&str, usize)]) -> Inventory {
        Inventory { things: things.iter().map(|&(name, count)| (name.to_owned(), count)).collect() }
    }

    #[test]
    fn the_difference_is_told_in_words() {
        let before = inventory(&[("descriptor of a socket", 2), ("file x", 1)]);
        let after = inventory(&[("descriptor of a socket", 3), ("process sleep", 1)]);
        let words = after.since(&before).unwrap();
        assert_eq!(words, "1 more: descriptor of a socket; 1 fewer: file x; 1 more: process sleep");
        assert_eq!(before.since(&before), None);
        assert_eq!(before.count(), 3);
    }

    #[test]
    fn numbers_of_sockets_do_not_count() {
        assert_eq!(without_numbers("socket:[77]"), "a socket");
        assert_eq!(without_numbers("/memfd:x (deleted)"), "/memfd:x (deleted)");
    }
}
