// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules about the crates: who may stand on whom, and who may speak to the kernel.

use crate::files::{Exception, File, keep, keep_except, places};

/// What each crate may depend on among ours (tests aside): arrows point down. See ARCHITECTURE.md.
pub(crate) const BELOW: &[(&str, &[&str])] = &[
    ("cabotage-os", &[]),
    ("cabotage-lane", &["cabotage-os"]),
    ("cabotage-link", &["cabotage-lane", "cabotage-os"]),
    ("cabotage-alpc", &["cabotage-lane", "cabotage-link", "cabotage-os"]),
    ("cabotage-mach", &["cabotage-lane", "cabotage-link", "cabotage-os"]),
    ("cabotage-shm", &["cabotage-lane", "cabotage-link", "cabotage-os"]),
    ("cabotage-pipe", &["cabotage-link", "cabotage-os"]),
    (
        "cabotage",
        &[
            "cabotage-alpc",
            "cabotage-lane",
            "cabotage-link",
            "cabotage-mach",
            "cabotage-os",
            "cabotage-pipe",
            "cabotage-shm",
        ],
    ),
    ("cabotage-cli", &["cabotage"]),
    (
        "cabotage-tests",
        &[
            "cabotage-alpc",
            "cabotage-lane",
            "cabotage-link",
            "cabotage-mach",
            "cabotage-os",
            "cabotage-pipe",
            "cabotage-shm",
        ],
    ),
];

const KERNEL: [&str; 3] = ["rustix", "libc", "nix"];

/// Who speaks to the kernel past cabotage-os, and why.
const PAST_THE_FLOOR: &[Exception] = &[
    (
        "crates/cabotage-tests/src/crash/",
        "`nix`",
        "traces victims step by step, which the library never does",
    ),
    ("crates/cabotage-tests/src/crash/cpu.rs", "`libc`", "a victim's registers have a type of the C library"),
    ("crates/cabotage-tests/Cargo.toml", "`nix`", "as above"),
];

/// The folder of the crate whose file this is.
fn krate(file: &File) -> Option<&str> {
    file.path.strip_prefix("crates/")?.split('/').next()
}

/// The names under `[dependencies]`, with the line of each.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut section = "";
    let mut names = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]") && section != "[dev-dependencies]" && line.contains('=')
        {
            names.push((at, line.split(['.', ' ', '=']).next().unwrap_or(line)));
        }
    }
    names
}

/// What every C library may stand on, beside the systems: nobody else stands on these.
const C_SHARED: [&str; 2] = ["cabotage-c-support", "cabotage-c-tools"];

/// C libraries stand on the crates that a user imports and on what they share, never on each other.
fn c_stands_on_a_face(file: &File) -> Vec<String> {
    if !file.is_manifest() || !file.path.starts_with("capi/") {
        return Vec::new();
    }
    let is_face = |name: &str| ["cabotage-cli", "cabotage-tests"].contains(&name) || name.ends_with("-c");
    let is_wrong = |name: &str| name.starts_with("cabotage") && !C_SHARED.contains(&name) && is_face(name);
    let complain = |(at, name)| file.complain(at, &format!("a C library may not stand on {name}"));
    dependencies(&file.text).into_iter().filter(|(_, name)| is_wrong(name)).map(complain).collect()
}

fn points_up(file: &File) -> Vec<String> {
    let (true, Some(krate)) = (file.is_manifest(), krate(file)) else { return Vec::new() };
    let Some((_, below)) = BELOW.iter().find(|(name, _)| *name == krate) else {
        return vec![format!("{}: a crate without a place in the layers: add it to BELOW", file.path)];
    };
    let is_wrong = |name: &str| name.starts_with("cabotage") && !below.contains(&name);
    let complain =
        |(at, name)| file.complain(at, &format!("{krate} may not stand on {name}: arrows point down"));
    dependencies(&file.text).into_iter().filter(|(_, name)| is_wrong(name)).map(complain).collect()
}

fn speaks_to_the_kernel(file: &File) -> Vec<String> {
    if krate(file) == Some("cabotage-os") || file.path == "Cargo.toml" {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for kernel in KERNEL {
        let complain = |at| {
            let advice =
                format!("`{kernel}`: only cabotage-os speaks to the kernel: give it a safe function there");
            file.complain(at, &advice)
        };
        if file.is_rust() {
            let paths = places(&file.code, &format!("{kernel}::"));
            complaints.extend(paths.into_iter().map(|(at, _)| complain(at)));
        }
        if file.is_manifest() {
            let lines = file.text.lines().enumerate().filter(|(_, line)| line.starts_with(kernel));
            complaints.extend(lines.map(|(at, _)| complain(at)));
        }
    }
    complaints
}

fn forgets_the_lints(file: &File) -> Vec<String> {
    let is_outside = file.path.starts_with("fuzz/"); // a workspace of its own
    if !file.is_manifest()
        || file.path == "Cargo.toml"
        || is_outside
        || file.text.contains("\n[lints]\nworkspace = true\n")
    {
        return Vec::new();
    }
    vec![format!("{}: say `[lints]` and below it `workspace = true`", file.path)]
}

#[test]
fn arrows_between_crates_point_down() {
    keep(points_up);
    keep(c_stands_on_a_face);
}

#[test]
fn only_one_crate_speaks_to_the_kernel() {
    keep_except(PAST_THE_FLOOR, speaks_to_the_kernel);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    keep(forgets_the_lints);
}

#[test]
fn an_arrow_up_a_stray_crate_or_lost_lints_are_found() {
    let manifest = |krate: &str, text: &str| File::new(&format!("crates/{krate}/Cargo.toml"), text);
    let up = manifest("cabotage-os", "[dependencies]\ncabotage-shm.workspace = true\n");
    assert_eq!(points_up(&up).len(), 1);
    assert_eq!(forgets_the_lints(&up).len(), 1);
    assert_eq!(points_up(&manifest("cabotage-x", "")).len(), 1);
    assert_eq!(points_up(&manifest("cabotage-pipe", "[dev-dependencies]\ncabotage = \"1\"\n")).len(), 0);
    let capi = File::new("capi/x/Cargo.toml", "[dependencies]\ncabotage-posix-c = 1\ncabotage-shm = 1\n");
    assert_eq!(c_stands_on_a_face(&capi).len(), 1);
    assert_eq!(speaks_to_the_kernel(&manifest("cabotage-shm", "[dependencies]\nlibc = \"0.2\"\n")).len(), 1);
    assert_eq!(speaks_to_the_kernel(&File::new("crates/cabotage-shm/src/x.rs", "use rustix::fs;")).len(), 1);
}
