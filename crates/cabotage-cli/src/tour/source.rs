// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file that travels.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// A regular file, open for reading.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Source {
    /// The file at `path`, or the program itself.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => PathBuf::from(ITSELF),
        };
        let explain = |refusal| refused(&path, refusal);
        refuse_unless_regular(&path, &fs::metadata(&path).map_err(explain)?)?;
        let file = File::open(&path).map_err(explain)?;
        let metadata = file.metadata().map_err(explain)?;
        refuse_unless_regular(&path, &metadata)?;
        let shown = if path == Path::new(ITSELF) { std::env::current_exe().unwrap_or(path) } else { path };
        Ok(Self { path: shown, file, bytes: metadata.len() })
    }

    /// Its path, for people.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its size when it was opened.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file, at its beginning.
    pub(crate) fn rewound(&self) -> Result<&File, Failure> {
        (&self.file).seek(SeekFrom::Start(0))?;
        Ok(&self.file)
    }
}

fn refused(path: &Path, refusal: io::Error) -> Failure {
    let next = match refusal.kind() {
        ErrorKind::NotFound => "; name a file that exists, or none: then this program itself travels",
        ErrorKind::PermissionDenied => "; name a file that you may read",
        _ => "",
    };
    let words = format!("{}: {refusal}{next}", path.display());
    Failure::new(Failure::from(refusal).exit(), words)
}

/// This program, also when a newer one has taken its place since it was started.
pub(crate) const ITSELF: &str = "/proc/self/exe";

/// Looked at before it is opened, since opening a FIFO waits and opening a device may do anything.
fn refuse_unless_regular(path: &Path, metadata: &fs::Metadata) -> Result<(), Failure> {
    let what = match metadata {
        regular if regular.is_file() => return Ok(()),
        directory if directory.is_dir() => "is a directory",
        _ => "is no regular file",
    };
    Err(Failure::new(Exit::Usage, format!("{} {what}; name a file, such as {}", path.display(), EXAMPLE)))
}

const EXAMPLE: &str = "/etc/hostname";
