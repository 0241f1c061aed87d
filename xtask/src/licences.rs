// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether every package that we build from may be used under a licence of our list.

use std::collections::BTreeMap;

use spdx::{Expression, Licensee, ParseMode};

use crate::graph::{Graph, Package};

/// What a user of MIT OR Apache-2.0 code can accept without asking a lawyer.
const ALLOWED: [&str; 8] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
];

/// A table of the licences found, or the names of the packages that may not stay.
pub(crate) fn check(graph: &Graph) -> Result<String, String> {
    let allowed = allowed();
    let offenders: Vec<String> =
        graph.foreign.iter().filter_map(|package| objection(package, &allowed)).collect();
    match offenders.as_slice() {
        [] => Ok(table(&graph.foreign)),
        _ => Err(format!(
            "{}\nreplace the package, or argue in docs/dependencies.md why its licence may join the list in {}",
            offenders.join("\n"),
            file!()
        )),
    }
}

fn allowed() -> Vec<Licensee> {
    ALLOWED.iter().map(|licence| Licensee::parse(licence).expect("ALLOWED holds SPDX identifiers")).collect()
}

/// Why this package may not be used, if so.
fn objection(package: &Package, allowed: &[Licensee]) -> Option<String> {
    let Package { name, version, licence } = package;
    let Some(licence) = licence else {
        return Some(format!("{name} {version} states no licence"));
    };
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return Some(format!("{name} {version} states a licence that is no SPDX expression: {licence}"));
    };
    let is_fine = expression.evaluate(|wanted| allowed.iter().any(|licensee| licensee.satisfies(wanted)));
    (!is_fine).then(|| format!("{name} {version} is under {licence}, which our list does not allow"))
}

fn table(packages: &[Package]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for licence in packages.iter().filter_map(|package| package.licence.as_deref()) {
        *counts.entry(licence).or_default() += 1;
    }
    let mut lines: Vec<_> = counts.into_iter().collect();
    lines.sort_by_key(|&(licence, count)| (usize::MAX - count, licence));
    let rows: String = lines.iter().map(|(licence, count)| format!("{count:5}  {licence}\n")).collect();
    format!("{rows}{:5}  packages, all allowed", packages.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(licence: Option<&str>) -> Package {
        Package { name: "p".into(), version: "1.0.0".into(), licence: licence.map(Into::into) }
    }

    fn is_refused(licence: &str) -> bool {
        objection(&package(Some(licence)), &allowed()).is_some()
    }

    #[test]
    fn one_allowed_choice_is_enough() {
        assert!(!is_refused("GPL-3.0-only OR MIT"));
        assert!(!is_refused("Unlicense/MIT"), "the old way to write OR");
    }

    #[test]
    fn every_required_licence_must_be_allowed() {
        assert!(is_refused("MIT AND GPL-2.0-only"));
        assert!(is_refused("AGPL-3.0-or-later"));
    }

    #[test]
    fn a_missing_or_unreadable_licence_is_refused() {
        assert!(objection(&package(None), &allowed()).is_some());
        assert!(is_refused("see the file"));
    }
}
