// SPDX-License-Identifier: MIT OR Apache-2.0
//! The C libraries below a prefix: `lib/`, `include/`, `lib/pkgconfig/`.
//!
//! The native header goes to `include/cabotage.h`; headers with the names of other systems go to
//! `include/cabotage/compat/`, where only those who ask pkg-config find them, so that they hide no header of anybody
//! else's.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use crate::Outcome;
use crate::library::{Library, VERSION, root};
use crate::link;
use crate::pkg_config;

/// Where to.
#[derive(Debug, Clone)]
pub struct Places {
    /// What the installed files believe to be below, such as `/usr/local`.
    pub prefix: PathBuf,
    /// What is put before it: the folder of a package in the making; empty for none.
    pub destdir: PathBuf,
}

impl Places {
    /// A path below the prefix, where it is written to.
    fn below(&self, path: &str) -> PathBuf {
        let inner = self.prefix.join(path);
        match self.destdir.as_os_str().is_empty() {
            true => inner,
            false => self.destdir.join(inner.strip_prefix("/").unwrap_or(&inner)),
        }
    }
}

/// Builds all libraries for release and installs them; the files written, in order.
///
/// # Errors
/// Cargo or the linker refuses, or the system does.
pub fn all(places: &Places) -> Outcome<Vec<PathBuf>> {
    let libraries = Library::all()?;
    let folder = build(&libraries)?;
    let mut written = Vec::new();
    for library in &libraries {
        let archive = folder.join(format!("{}.a", library.archive_stem()));
        written.extend(one(library, &archive, places)?);
    }
    Ok(written)
}

/// Builds the archives; the folder in which they are.
fn build(libraries: &[Library]) -> Outcome<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--quiet"]).current_dir(root());
    for library in libraries {
        cargo.args(["--package", &library.package]);
    }
    if !cargo.status()?.success() {
        return Err("cargo could not build the libraries".into());
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release"))
}

/// Installs the library of which `archive` is cargo's build.
///
/// # Errors
/// As [`all`].
pub fn one(library: &Library, archive: &Path, places: &Places) -> Outcome<Vec<PathBuf>> {
    let mut written = Vec::new();
    let lib = places.below("lib");
    fs::create_dir_all(&lib)?;
    let plain = format!("lib{}.so", library.name);
    let whole = format!("{plain}.{VERSION}");
    link::shared(library, archive, &lib.join(&whole))?;
    written.push(lib.join(&whole));
    for name in [library.soname(), plain] {
        let _ = fs::remove_file(lib.join(&name));
        symlink(&whole, lib.join(&name))?;
        written.push(lib.join(name));
    }
    let fixed = lib.join(format!("lib{}.a", library.name));
    link::fixed(library, archive, &fixed)?;
    written.push(fixed);
    written.extend(headers(library, places)?);

    let description = places.below("lib/pkgconfig").join(format!("{}.pc", library.name));
    fs::create_dir_all(places.below("lib/pkgconfig"))?;
    fs::write(&description, pkg_config::describe(library, &places.prefix))?;
    written.push(description);
    Ok(written)
}

fn headers(library: &Library, places: &Places) -> Outcome<Vec<PathBuf>> {
    let Some(folder) = library.headers() else { return Ok(Vec::new()) };
    let mut written = Vec::new();
    match library.name.strip_prefix("cabotage-") {
        Some(face) => {
            copy(&folder, &places.below("include/cabotage/compat").join(face), &mut written)?;
        }
        None => {
            let target = places.below("include").join("cabotage.h");
            fs::create_dir_all(places.below("include"))?;
            fs::copy(folder.join("cabotage.h"), &target)?;
            written.push(target);
        }
    }
    Ok(written)
}

fn copy(from: &Path, to: &Path, written: &mut Vec<PathBuf>) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, written)?;
        } else {
            fs::copy(entry.path(), &target)?;
            written.push(target);
        }
    }
    Ok(())
}
