// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one file of the library that reads the environment: where the names of this process's scopes are.
//!
//! Two processes that share nothing but a name must look for it in the same place. Where that is, the system has
//! told both of them, in their environment: `XDG_RUNTIME_DIR` (a directory for this user's sockets, made at login)
//! and `RUNTIME_DIRECTORY` (one that systemd made for this service; with several, the first counts). Nothing
//! else is read, and no value is believed: a directory is used only after it was seen to be safe. Relative values
//! count as unset. `TMPDIR` is not read: it differs between the processes of one user, and then they would not
//! meet.
//!
//! A program that runs with more rights than who started it (set-user-id) gives its places itself, by
//! [`Registry::at`].

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::Registry;
use super::place::{Place, ROOT};

const SYSTEM: &str = "/run/cabotage";

impl Registry {
    /// The names of this machine, as this process is meant to see them.
    ///
    /// - User scope: `$XDG_RUNTIME_DIR/cabotage`, where the variable is set to an absolute path; if not,
    ///   `/tmp/cabotage-UID`.
    /// - System scope: `/run/cabotage`; and, in a service of systemd with `RuntimeDirectory=`, the directory made
    ///   for it, which is where the service publishes as long as nobody has made `/run/cabotage`.
    pub fn from_environment() -> Self {
        let variables = ["XDG_RUNTIME_DIR", "RUNTIME_DIRECTORY"].map(std::env::var_os);
        let [session, service] = variables;
        Self { places: places(session, service, cabotage_os::fifo::own_user()) }
    }
}

fn places(session: Option<OsString>, service: Option<OsString>, user: u32) -> Vec<Place> {
    let mut places = vec![match session.map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(base) => Place::user_below(base),
        None => Place::user(format!("/tmp/cabotage-{user}").into()),
    }];
    let service = service.and_then(first_path);
    // A service whose own directory that is (`RuntimeDirectory=cabotage`) owns it, be it root or not.
    if service.as_deref() != Some(Path::new(SYSTEM)) || user == ROOT {
        places.push(Place::system(SYSTEM.into(), ROOT));
    }
    places.extend(service.filter(|path| path != Path::new(SYSTEM) || user != ROOT).map(Place::service));
    places
}

/// The first of the paths, which are separated by colons.
fn first_path(paths: OsString) -> Option<PathBuf> {
    let first = paths.as_bytes().split(|byte| *byte == b':').next()?;
    Some(PathBuf::from(OsString::from_vec(first.to_vec()))).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(session: Option<&str>, service: Option<&str>, user: u32) -> Vec<String> {
        let places = places(session.map(Into::into), service.map(Into::into), user);
        places.iter().map(|place| format!("{} {}", place.scope(), place.root().display())).collect()
    }

    #[test]
    fn the_user_scope_is_where_the_login_says_or_in_the_temporary_directory() {
        assert_eq!(
            roots(Some("/run/user/7"), None, 7),
            ["user /run/user/7/cabotage", "system /run/cabotage"]
        );
        for unset in [None, Some(""), Some("run/user/7")] {
            assert_eq!(roots(unset, None, 7), ["user /tmp/cabotage-7", "system /run/cabotage"]);
        }
    }

    #[test]
    fn a_service_has_its_own_directory_after_that_of_the_system() {
        let found = roots(None, Some("/run/clock:/run/other"), 7);
        assert_eq!(found[1..], ["system /run/cabotage", "system /run/clock"]);
        assert_eq!(roots(None, Some("clock"), 7)[1..], ["system /run/cabotage"]);
    }

    #[test]
    fn a_service_whose_directory_is_that_of_the_system_has_one_place_there() {
        for user in [0, 7] {
            assert_eq!(roots(None, Some("/run/cabotage"), user)[1..], ["system /run/cabotage"]);
        }
    }
}
