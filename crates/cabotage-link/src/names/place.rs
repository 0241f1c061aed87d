// SPDX-License-Identifier: MIT OR Apache-2.0
//! A directory in which names of one scope lie: who must own it, who may make it, how open it may be.

use std::path::{Path, PathBuf};

use cabotage_os::directory::{self, Directory, DirectoryError, Rules};
use cabotage_os::{Errno, Fault, SystemError};

use super::{Kind, Scope};

/// The user who may do everything anyway.
pub(super) const ROOT: u32 = 0;

/// One directory with a directory for each kind of name below.
#[derive(Debug, Clone)]
pub(super) struct Place {
    scope: Scope,
    /// A directory of ours in which the root lies, looked at first.
    base: Option<PathBuf>,
    root: PathBuf,
    owner: u32,
    /// Whether the users it does not belong to may put names there.
    shared: bool,
    /// Whether the root is made where it is missing.
    makes_root: bool,
    root_mode: u32,
    kind_mode: u32,
}

/// Why a directory for names is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Somebody else could tamper with it, or has made it.
    #[error(transparent)]
    Unsafe(DirectoryError),
    /// It keeps us out.
    #[error("this user may not use the directory {path:?}: ask its owner, or use the other scope")]
    NoPermission {
        /// Where.
        path: PathBuf,
    },
    /// The scope is there once root has made it.
    #[error(
        "there is no {path:?} yet, and only root makes it: let root publish a name there, or give \
         systemd-tmpfiles the lines `d {} 0755 root root` and `d {} 1777 root root`",
        path.parent().unwrap_or(path).display(),
        path.display()
    )]
    NotMade {
        /// Where.
        path: PathBuf,
    },
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl PlaceError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        Fault::System
    }
}

impl Place {
    /// For this user alone.
    pub(super) fn user(root: PathBuf) -> Self {
        Self {
            scope: Scope::User,
            base: None,
            root,
            owner: cabotage_os::fifo::own_user(),
            shared: false,
            makes_root: true,
            root_mode: 0o700,
            kind_mode: 0o700,
        }
    }

    /// For this user alone, in a directory that must be this user's already: root that was started with the
    /// environment of another user leaves nothing in that one's directory.
    pub(super) fn user_below(base: PathBuf) -> Self {
        let root = base.join("cabotage");
        Self { base: Some(base), ..Self::user(root) }
    }

    /// For every user: `owner` makes it, and all may put names there, each its own.
    pub(super) fn system(root: PathBuf, owner: u32) -> Self {
        Self {
            scope: Scope::System,
            owner,
            shared: true,
            makes_root: true,
            root_mode: 0o755,
            kind_mode: 0o1777,
            ..Self::user(root)
        }
    }

    /// For the names of one service, in a directory that its manager has made for it: all may look.
    pub(super) fn service(root: PathBuf) -> Self {
        Self { scope: Scope::System, makes_root: false, kind_mode: 0o755, ..Self::user(root) }
    }

    pub(super) fn scope(&self) -> Scope {
        self.scope
    }

    /// Where it is.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of one kind as it is; `None` when it, or one above it, is missing.
    pub(super) fn find(&self, kind: Kind) -> Result<Option<Directory>, PlaceError> {
        let found = self.open_root(false).and_then(|root| {
            let kind = file(kind)?;
            self.open(self.kind_mode, |rules| root.subdirectory(&kind, rules))
        });
        match found {
            Ok(directory) => Ok(Some(directory)),
            Err(DirectoryError::Missing { .. }) => Ok(None),
            Err(error) => Err(self.told(error)),
        }
    }

    /// The directory of one kind, made where that is ours to do.
    pub(super) fn make(&self, kind: Kind) -> Result<Directory, PlaceError> {
        if let Some(found) = self.find(kind)? {
            return Ok(found);
        }
        if self.owner != cabotage_os::fifo::own_user() {
            return Err(PlaceError::NotMade { path: self.root.join(kind.directory()) });
        }
        let made = self.open_root(self.makes_root).and_then(|root| {
            let kind = file(kind)?;
            self.open(self.kind_mode, |rules| root.subdirectory_or_create(&kind, rules))
        });
        made.map_err(|error| self.told(error))
    }

    /// The directories whose names decide whether a name of this kind is there, from above.
    pub(super) fn levels(&self, kind: Kind) -> [PathBuf; 3] {
        let above = self.root.parent().unwrap_or(&self.root);
        [above.into(), self.root.clone(), self.root.join(kind.directory())]
    }

    fn open_root(&self, makes_root: bool) -> Result<Directory, DirectoryError> {
        let Some(base) = &self.base else {
            return self.open(self.root_mode, |rules| match makes_root {
                true => Directory::open_or_create(&self.root, rules),
                false => Directory::open(&self.root, rules),
            });
        };
        let base = Directory::open(base, Rules::ours())?;
        let name = self.root.file_name().unwrap_or_default();
        let name =
            directory::Name::parse(name).map_err(|_| DirectoryError::Missing { path: self.root.clone() })?;
        self.open(self.root_mode, |rules| match makes_root {
            true => base.subdirectory_or_create(&name, rules),
            false => base.subdirectory(&name, rules),
        })
    }

    /// Opens a directory by the rules of this place. What all users share may be root's whoever it is meant to
    /// belong to.
    fn open(
        &self,
        mode: u32,
        open: impl Fn(Rules) -> Result<Directory, DirectoryError>,
    ) -> Result<Directory, DirectoryError> {
        let rules = |owner| {
            let rules = Rules::owned_by(owner).mode(mode);
            if self.shared { rules.shared() } else { rules }
        };
        match open(rules(self.owner)) {
            Err(DirectoryError::ForeignOwner { owner: ROOT, .. }) if self.shared => open(rules(ROOT)),
            answer => answer,
        }
    }

    fn told(&self, error: DirectoryError) -> PlaceError {
        match error {
            DirectoryError::System(refusal) if matches!(refusal.errno(), Errno::ACCESS | Errno::PERM) => {
                PlaceError::NoPermission { path: self.root.clone() }
            }
            DirectoryError::System(refusal) => PlaceError::System(refusal),
            unsafe_one => PlaceError::Unsafe(unsafe_one),
        }
    }
}

fn file(kind: Kind) -> Result<directory::Name, DirectoryError> {
    directory::Name::parse(kind.directory())
        .map_err(|_| DirectoryError::Missing { path: kind.directory().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_owner_makes_a_place_and_the_refusal_says_how() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run");
        let place = Place::system(path.clone(), cabotage_os::fifo::own_user() + 1);
        let refused = place.make(Kind::Link).unwrap_err();
        assert_eq!(refused, PlaceError::NotMade { path: path.join("link") });
        let line = format!("d {} 0755 root root", path.display());
        assert!(refused.to_string().contains(&line), "{refused}");
        assert!(!path.exists());
    }

    #[test]
    fn a_base_that_is_missing_or_open_to_others_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let missing = root.path().join("missing");
        let place = Place::user_below(missing.clone());
        assert!(place.find(Kind::Link).unwrap().is_none());
        let expected = PlaceError::Unsafe(DirectoryError::Missing { path: missing });
        assert_eq!(place.make(Kind::Link).unwrap_err(), expected);

        let place = Place::user_below("/tmp".into());
        assert!(matches!(place.make(Kind::Link), Err(PlaceError::Unsafe(_))));
        Place::user_below(root.path().into()).make(Kind::Link).unwrap();
        assert!(root.path().join("cabotage/link").is_dir());
    }

    #[test]
    fn a_service_makes_its_kinds_but_not_its_directory() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("clock");
        let refused = Place::service(path.clone()).make(Kind::Link).unwrap_err();
        assert_eq!(refused, PlaceError::Unsafe(DirectoryError::Missing { path: path.clone() }));
        std::fs::create_dir(&path).unwrap();
        Place::service(path.clone()).make(Kind::Mach).unwrap();
        assert!(path.join("mach").is_dir());
    }
}
