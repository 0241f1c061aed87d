// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which C libraries there are. A folder of `capi/` with an `exports.map` is one; its manifest says the rest: the
//! package `cabotage-posix-c` becomes `libcabotage-posix`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Outcome;

/// One C library: where its source is and what it is called.
#[derive(Debug, Clone)]
pub struct Library {
    /// Its folder.
    pub folder: PathBuf,
    /// The cargo package that it is made of.
    pub package: String,
    /// What C programs link: `cabotage-posix` for `-lcabotage-posix`.
    pub name: String,
    /// One line for whoever lists installed libraries.
    pub description: String,
}

/// The version of all of them.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Library {
    /// The library whose source is in `folder`.
    ///
    /// # Errors
    /// The manifest is not there, or names no package that ends in `-c`.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Outcome<Self> {
        let folder = folder.into();
        let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
        let value = |key: &str| {
            let line = manifest.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
            line.and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
        };
        let (Some(package), Some(description)) = (value("name"), value("description")) else {
            return Err(format!("{}: its manifest lacks a name or a description", folder.display()).into());
        };
        let Some(name) = package.strip_suffix("-c").map(str::to_owned) else {
            return Err(format!("{package}: the package of a C library is called after it, with -c").into());
        };
        Ok(Self { folder, package, name, description })
    }

    /// All of them, by folder.
    ///
    /// # Errors
    /// As [`Self::in_folder`], and the system's refusal.
    pub fn all() -> Outcome<Vec<Self>> {
        let entries: io::Result<Vec<_>> =
            fs::read_dir(root().join("capi"))?.map(|entry| Ok(entry?.path())).collect();
        let mut folders = entries?;
        folders.retain(|folder| folder.join("exports.map").exists());
        folders.sort();
        folders.into_iter().map(Self::in_folder).collect()
    }

    /// What the linker of whoever uses it writes down, and the loader looks for. It changes with what breaks them.
    pub fn soname(&self) -> String {
        format!("lib{}.so.{}", self.name, VERSION.split('.').next().unwrap_or(VERSION))
    }

    /// What it exports.
    pub fn map(&self) -> PathBuf {
        self.folder.join("exports.map")
    }

    /// The folder that its users search for headers; `None` if they use the system's.
    pub fn headers(&self) -> Option<PathBuf> {
        let include = root().join("include");
        match self.name.strip_prefix("cabotage-") {
            Some(face) => Some(include.join("compat").join(face)).filter(|folder| folder.is_dir()),
            None => Some(include),
        }
    }

    /// The name of the archive that cargo makes, but for the number in it and its ending.
    pub(crate) fn archive_stem(&self) -> String {
        format!("lib{}", self.package.replace('-', "_"))
    }
}

/// The folder of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
