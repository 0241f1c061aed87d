// SPDX-License-Identifier: MIT OR Apache-2.0
//! Services that are started on demand: a directory of small files, one for each, named as the service.
//!
//! ```text
//! # com.example.log: a line for each thing, `key = value`; lines that begin with # say nothing.
//! program = /usr/libexec/logd
//! argument = --level
//! argument = very quiet
//! environment = LANG=C
//! uid = 1000
//! gid = 1000
//! ```
//!
//! `program` is an absolute path. Each `argument` is one, spaces and all: no shell reads it. `uid` and `gid` are for
//! a server that runs as root. The directory and its files belong to the server's user or root, and nobody else may
//! write to them: what anybody else could have written is not run.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cabotage_os::process::own_uid;

use super::super::protocol::is_name;

/// A file is no longer than this.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// The directory.
#[derive(Debug, Clone)]
pub(super) struct Files {
    directory: PathBuf,
}

/// How a service is started.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Launch {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    pub(super) uid: Option<u32>,
    gid: Option<u32>,
}

/// Why a file starts nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceFileError {
    /// Others could have written it.
    #[error("{path}: belongs to another user, or others may write to it: chown it, and chmod go-w")]
    Unsafe {
        /// Where.
        path: PathBuf,
    },
    /// A line of it makes no sense.
    #[error("{path}: line {line} is no `program`, `argument`, `environment`, `uid` or `gid` = value")]
    Line {
        /// Where.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// It names no program.
    #[error("{path}: there is no `program = /absolute/path`")]
    NoProgram {
        /// Where.
        path: PathBuf,
    },
    /// The system's refusal.
    #[error("{path}: {source}")]
    System {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Files {
    pub(super) fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The names of all services that have a file; of a directory that is not there, none.
    pub(super) fn names(&self) -> Result<Vec<String>, ServiceFileError> {
        let refused = |source| ServiceFileError::System { path: self.directory.clone(), source };
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(refused(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(refused)?.file_name();
            names.extend(name.into_string().ok().filter(|name| is_file_name(name)));
        }
        names.sort();
        Ok(names)
    }

    /// How a service is started; `None` if it has no file.
    pub(super) fn read(&self, name: &str) -> Result<Option<Launch>, ServiceFileError> {
        if !is_file_name(name) {
            return Ok(None);
        }
        let path = self.directory.join(name);
        let refused = |source| ServiceFileError::System { path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(error)),
        };
        for (path, facts) in [
            (&self.directory, fs::metadata(&self.directory).map_err(refused)?),
            (&path, file.metadata().map_err(refused)?),
        ] {
            if !is_safe(&facts) {
                return Err(ServiceFileError::Unsafe { path: path.clone() });
            }
        }
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(refused)?;
        Launch::parse(&text, &path).map(Some)
    }
}

/// Names that begin with a dot are for editors and the like.
fn is_file_name(name: &str) -> bool {
    is_name(name) && !name.starts_with('.') && !name.contains('/')
}

fn is_safe(facts: &Metadata) -> bool {
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    [0, own_uid()].contains(&facts.uid()) && facts.mode() & WRITABLE_BY_OTHERS == 0
}

impl Launch {
    fn parse(text: &str, path: &Path) -> Result<Self, ServiceFileError> {
        let mut launch = Self::default();
        for (number, line) in text.lines().enumerate().map(|(number, line)| (number + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || ServiceFileError::Line { path: path.into(), line: number };
            let (key, value) = line.split_once('=').ok_or_else(wrong)?;
            let (key, value) = (key.trim(), value.trim());
            match key {
                "program" if launch.program.as_os_str().is_empty() => launch.program = value.into(),
                "argument" => launch.arguments.push(value.to_owned()),
                "environment" => {
                    let (name, value) = value.split_once('=').ok_or_else(wrong)?;
                    launch.environment.push((name.to_owned(), value.to_owned()));
                }
                "uid" => launch.uid = Some(value.parse().map_err(|_| wrong())?),
                "gid" => launch.gid = Some(value.parse().map_err(|_| wrong())?),
                _ => return Err(wrong()),
            }
        }
        if !launch.program.is_absolute() {
            return Err(ServiceFileError::NoProgram { path: path.into() });
        }
        Ok(launch)
    }

    /// The program, in a process group of its own, with nothing to read.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).process_group(0);
        if let Some(gid) = self.gid {
            command.gid(gid);
        }
        if let Some(uid) = self.uid {
            command.uid(uid);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn parse(text: &str) -> Result<Launch, ServiceFileError> {
        Launch::parse(text, Path::new("log"))
    }

    #[test]
    fn a_file_says_how_its_service_is_started() {
        let launch = parse(
            "# a service\n\nprogram = /bin/log\nargument = very quiet\nargument=-x\nenvironment = A=b=c\nuid = 7\ngid = 8",
        );
        let expected = Launch {
            program: "/bin/log".into(),
            arguments: vec!["very quiet".into(), "-x".into()],
            environment: vec![("A".into(), "b=c".into())],
            uid: Some(7),
            gid: Some(8),
        };
        assert_eq!(launch.unwrap(), expected);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_told_by_its_number() {
        for text in
            ["\nx", "\nprograms = /bin/x", "\nuid = me", "program = /a\nprogram = /b", "\nenvironment = A"]
        {
            assert!(matches!(parse(text), Err(ServiceFileError::Line { line: 2, .. })), "{text}");
        }
        for text in ["", "argument = x", "program = relative"] {
            assert!(matches!(parse(text), Err(ServiceFileError::NoProgram { .. })), "{text}");
        }
    }

    #[test]
    fn what_others_could_have_written_is_not_run() {
        let place = tempfile::TempDir::new().unwrap();
        let files = Files::at(place.path().into());
        let path = place.path().join("log");
        fs::write(&path, "program = /bin/true").unwrap();
        fs::write(place.path().join(".swap"), "").unwrap();
        let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        allow(&path, 0o644);
        allow(place.path(), 0o755);
        assert!(files.read("log").unwrap().is_some());
        assert_eq!(files.names().unwrap(), ["log"]);
        allow(&path, 0o664);
        assert!(matches!(files.read("log"), Err(ServiceFileError::Unsafe { .. })));
        allow(&path, 0o644);
        allow(place.path(), 0o777);
        assert!(matches!(files.read("log"), Err(ServiceFileError::Unsafe { .. })));
        for unknown in ["nobody", "../log", ".swap", ""] {
            assert!(files.read(unknown).unwrap().is_none(), "{unknown}");
        }
        assert_eq!(Files::at(place.path().join("nowhere")).names().unwrap(), [""; 0]);
    }
}
