// SPDX-License-Identifier: MIT OR Apache-2.0
//! A place of a test's own: a folder with a registry of names in it, and a prefix for objects in shared memory.
//!
//! Whoever made it removes all of it; processes in roles reach it by its text.

use std::fmt;
use std::path::{Path, PathBuf};

use cabotage_link::names::Registry;
use cabotage_os::object::unguessable;
use tempfile::TempDir;

/// Where POSIX shared memory objects are.
pub const SHARED_MEMORY: &str = "/dev/shm";

/// See the [module](self).
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    prefix: String,
    /// With whoever made it.
    owned: Option<TempDir>,
}

impl Scratch {
    /// A fresh place.
    ///
    /// # Panics
    /// The system's refusal.
    #[must_use]
    pub fn new() -> Self {
        // Shared memory is one place for all namespaces of processes, so a process's number would say too little.
        let random = unguessable().expect("a random number");
        let prefix = format!("cabotage-tests-{random:016x}-");
        // Sockets lie in this one, and the path of a socket is short.
        let owned = tempfile::Builder::new().prefix("cabotage-").tempdir().expect("a folder of our own");
        std::fs::create_dir(memory_of(&prefix)).expect("a folder of our own in shared memory");
        Self { folder: owned.path().to_owned(), prefix, owned: Some(owned) }
    }

    /// The place of another process, by what its [`Display`](fmt::Display) says.
    ///
    /// # Panics
    /// The text is none.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let (prefix, folder) = text.split_once('@').expect("a prefix and a folder");
        Self { folder: folder.into(), prefix: prefix.to_owned(), owned: None }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file of this name in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Its folder in shared memory, where objects may have any name.
    pub fn memory(&self) -> PathBuf {
        memory_of(&self.prefix)
    }

    /// Its registry, in both scopes.
    pub fn registry(&self) -> Registry {
        Registry::at(self.folder.join("user"), self.folder.join("system"))
    }

    /// Removes a name of the system scope that another user's process has left, as whoever looks after the machine
    /// would: it is nobody else's to take over. The name of a process of our own user is left to its successor.
    pub fn forget_name(&self, kind: &str, name: &str) {
        let folder = self.path("system").join(kind);
        for file in [name.to_owned(), format!(".{name}.lock")] {
            let _ = std::fs::remove_file(folder.join(file));
        }
    }

    /// A name of its own for an object in shared memory, with a slash before it.
    pub fn object(&self, name: &str) -> String {
        format!("/{}{name}", self.prefix)
    }

    /// What all its objects begin with, without a slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The objects in shared memory that begin with its prefix, by name; [`memory`](Self::memory) is none.
    pub fn objects(&self) -> Vec<String> {
        let entries = std::fs::read_dir(SHARED_MEMORY).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let is_object = |name: &String| *name != format!("{}{FOLDER}", self.prefix);
        names.retain(|name| is_object(name) && name.trim_start_matches('.').starts_with(&self.prefix));
        names.sort();
        names
    }
}

/// What the folder in shared memory is called, behind the prefix.
const FOLDER: &str = "folder";

fn memory_of(prefix: &str) -> PathBuf {
    Path::new(SHARED_MEMORY).join(format!("{prefix}{FOLDER}"))
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.prefix, self.folder.display())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.owned.is_some() {
            let _ = std::fs::remove_dir_all(self.memory());
            for object in self.objects() {
                let _ = std::fs::remove_file(Path::new(SHARED_MEMORY).join(object));
            }
        }
    }
}
