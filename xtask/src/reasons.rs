// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether docs/dependencies.md gives a reason for each direct dependency, and for nothing else.

use std::collections::BTreeSet;

use crate::graph::Graph;

const PAGE: &str = "docs/dependencies.md";

/// How many reasons were found, or which line is missing or stale.
pub(crate) fn check(graph: &Graph) -> Result<String, Box<dyn std::error::Error>> {
    let page = std::fs::read_to_string(graph.root.join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    compare(&graph.direct, &names(&page))?;
    Ok(format!("{:5}  direct dependencies, each with its reason in {PAGE}", graph.direct.len()))
}

/// The packages that the page speaks of: rows of its table, `` | `name` | … ``.
fn names(page: &str) -> BTreeSet<String> {
    let first_cell = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    page.lines().filter_map(first_cell).collect()
}

fn compare(used: &BTreeSet<String>, argued: &BTreeSet<String>) -> Result<(), String> {
    let missing =
        used.difference(argued).map(|name| format!("{PAGE} lacks a line for {name}: say what it is for"));
    let stale =
        argued.difference(used).map(|name| format!("{PAGE} speaks of {name}, which nothing uses: remove it"));
    let complaints: Vec<String> = missing.chain(stale).collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_page_is_read_by_the_rows_of_its_tables() {
        let page =
            "`libc` in the text\n| package | why |\n|---|---|\n| `rustix` | calls |\n| `spdx` | `libc` |\n";
        assert_eq!(names(page), set(&["rustix", "spdx"]));
    }

    #[test]
    fn a_dependency_without_a_reason_is_named() {
        let complaint = compare(&set(&["libc", "rustix"]), &set(&["rustix"])).unwrap_err();
        assert!(complaint.contains("lacks a line for libc"), "{complaint}");
    }

    #[test]
    fn a_reason_without_a_dependency_is_stale() {
        let complaint = compare(&set(&["rustix"]), &set(&["rustix", "nix"])).unwrap_err();
        assert!(complaint.contains("nix, which nothing uses"), "{complaint}");
    }
}
