// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a C library exports: the names in its `exports.map`, a version script of the GNU linker. The map is the one
//! list; the link fails for a name that nothing defines, and a test for a function that the map lacks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::library::Library;

/// The names between `global:` and `local:`, whatever version they have.
///
/// # Errors
/// There is no map, or no name in it.
pub fn listed(library: &Library) -> Outcome<BTreeSet<String>> {
    let map = library.map();
    let names = names(&fs::read_to_string(&map)?);
    if names.is_empty() {
        return Err(format!("{}: exports nothing", map.display()).into());
    }
    Ok(names)
}

fn names(map: &str) -> BTreeSet<String> {
    let text: String = map.split("/*").map(|part| part.rsplit("*/").next().unwrap_or(part)).collect();
    let sections = text.split("global:").skip(1).filter_map(|rest| rest.split("local:").next());
    let names = sections.flat_map(|section| section.split('}').next().unwrap_or(section).split(';'));
    names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The functions and values that the sources of a library give to C.
///
/// # Errors
/// The system's refusal.
pub fn written(library: &Library) -> Outcome<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    gather(&library.folder.join("src"), &mut found)?;
    Ok(found)
}

fn gather(folder: &Path, found: &mut BTreeSet<String>) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, found)?;
        } else {
            found.extend(given_to_c(&fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// The names below each `#[unsafe(no_mangle)]`.
fn given_to_c(source: &str) -> Vec<String> {
    let items = source.split("#[unsafe(no_mangle)]\n").skip(1);
    let name = |item: &str| {
        let after = item.split_once("fn ").map(|(_, rest)| rest);
        let after = after.filter(|_| !item.trim_start().starts_with("pub static"));
        let rest = after.or_else(|| item.split_once("static ").map(|(_, rest)| rest))?;
        let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
        Some(rest.chars().take_while(is_part).collect())
    };
    items.filter_map(name).collect()
}

/// Fails unless the map of the library in `folder` lists what its sources give to C, and nothing else: for a test.
///
/// # Errors
/// The names that stand in one of both alone.
pub fn must_agree(folder: &str) -> Outcome<()> {
    let library = Library::in_folder(folder)?;
    let (listed, written) = (listed(&library)?, written(&library)?);
    let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>().join(", ");
    if listed == written {
        return Ok(());
    }
    let (map, sources) = (only(&listed, &written), only(&written, &listed));
    Err(format!("exports.map alone has: {map}; the sources alone have: {sources}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_map_is_read_whatever_its_versions() {
        let map = "/* global: no; */\nA_0.1 {\n global:\n  one; two;\n local:\n  *;\n};\nA_0.2 { global: three; } A_0.1;";
        assert_eq!(names(map), set(&["one", "two", "three"]));
        assert_eq!(names("{ global: one; local: *; };"), set(&["one"]));
    }

    #[test]
    fn functions_and_values_are_found_by_their_mark() {
        let source = "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn one(a: u8) {}\nfn other() {}\n\
                      #[unsafe(no_mangle)]\npub static TWO: u32 = 1;\nfn fn_after() {}\n";
        assert_eq!(given_to_c(source), ["one", "TWO"]);
    }
}
