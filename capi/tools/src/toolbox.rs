// SPDX-License-Identifier: MIT OR Apache-2.0
//! For tests: a library linked from the build under test, and the machine's compilers.
//!
//! A machine without a C or a C++ compiler skips what needs it, and the test says so. Every program is compiled with
//! `-Wall -Wextra -Werror`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use crate::Outcome;
use crate::install::Places;
use crate::installed::Installed;
use crate::library::{Library, root};
use crate::program::Program;
use crate::{install, link};

/// How a source is read, and with what a program is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// C11.
    C11,
    /// C++17.
    Cxx17,
    /// C11 with the sanitizers of addresses, leaks and undefined behaviour.
    C11Sanitized,
    /// C11 as clang reads it, whatever the machine's own compiler is.
    C11Clang,
}

/// All of them; what a machine may lack comes last.
pub const DIALECTS: [Dialect; 4] = [Dialect::C11, Dialect::C11Sanitized, Dialect::Cxx17, Dialect::C11Clang];

/// A library ready to be linked by C programs. Its calls panic when the tools fail: they are for tests.
#[derive(Debug)]
pub struct Toolbox {
    library: Library,
    /// Where the shared library and the programs are.
    folder: PathBuf,
}

impl Toolbox {
    /// Of the library whose package runs the test: `Toolbox::of(env!("CARGO_MANIFEST_DIR"))`. `None` on a machine
    /// without a C compiler, which is said.
    ///
    /// # Panics
    /// The library cannot be linked.
    #[must_use]
    pub fn of(manifest_dir: &str) -> Option<Self> {
        if !is_there(&link::compiler()) {
            eprintln!("skipped: this machine has no C compiler ({})", link::compiler().display());
            return None;
        }
        Some(Self::linked(manifest_dir).unwrap_or_else(|error| panic!("{manifest_dir}: {error}")))
    }

    fn linked(manifest_dir: &str) -> Outcome<Self> {
        let library = Library::in_folder(manifest_dir)?;
        let archive = link::built_archive(&library)?;
        let target =
            archive.parent().and_then(Path::parent).ok_or("an archive lies below the target folder")?;
        let folder = target.join("capi").join(&library.name);
        fs::create_dir_all(&folder)?;
        let this = Self { library, folder };
        let shared = this.shared();
        // One thread of a test program links it for the others; other programs replace it whole by one like it.
        static LINKING: Mutex<()> = Mutex::new(());
        let _alone = LINKING.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh =
            |made: &Path| Outcome::Ok(made.metadata()?.modified()? > archive.metadata()?.modified()?);
        if !is_fresh(&shared).unwrap_or(false) {
            link::shared(&this.library, &archive, &shared)?;
        }
        let plain = this.folder.join(format!("lib{}.so", this.library.name));
        let _ = std::os::unix::fs::symlink(shared.file_name().unwrap_or_default(), plain);
        Ok(this)
    }

    /// Whose it is.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The shared library, under its SONAME.
    #[must_use]
    pub fn shared(&self) -> PathBuf {
        self.folder.join(self.library.soname())
    }

    /// Compiles `source`, a file below the package's folder, and links it with the library; `None` on a machine
    /// without a compiler for the dialect, which is said.
    ///
    /// # Panics
    /// The compiler refuses, with its words.
    #[must_use]
    #[track_caller]
    pub fn compile(&self, source: &str, dialect: Dialect) -> Option<Program> {
        self.compile_path(&self.library.folder.join(source), dialect)
    }

    /// The same of any file.
    ///
    /// # Panics
    /// As [`Self::compile`].
    #[must_use]
    #[track_caller]
    pub fn compile_path(&self, source: &Path, dialect: Dialect) -> Option<Program> {
        let compiler = dialect.compiler();
        if !is_there(&compiler) {
            eprintln!("{dialect:?} is skipped: this machine has no {}", compiler.display());
            return None;
        }
        let stem = source.file_stem().unwrap_or_default().to_string_lossy();
        // Test programs run side by side: each writes files of its own.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let target = self.folder.join(format!("{stem}-{dialect:?}-{}-{}", number.0, number.1));
        let mut command = Command::new(compiler);
        command.args(dialect.flags()).args([
            "-Wall",
            "-Wextra",
            "-Werror",
            "-g",
            "-pthread",
            "-D_GNU_SOURCE",
        ]);
        command.arg("-I").arg(root().join("capi/tools/include"));
        command.args(self.library.headers().map(|folder| link::joined("-I", &folder)));
        command.arg(source).arg("-o").arg(&target);
        command.arg("-L").arg(&self.folder).arg(format!("-l{}", self.library.name));
        command.arg(link::joined("-Wl,-rpath,", &self.folder));
        if let Err(error) = link::run(&mut command) {
            panic!("{} as {dialect:?}: {error}", source.display());
        }
        Some(Program::new(target))
    }

    /// Compiles `source` in every dialect and runs each program, which must end well.
    ///
    /// # Panics
    /// It does not compile, or does not end well, with its words.
    #[track_caller]
    pub fn conforms(&self, source: &str) {
        for dialect in DIALECTS {
            if let Some(program) = self.compile(source, dialect) {
                program.run().must_succeed();
            }
        }
    }

    /// Installs the library in a place of its own, as `xtask install` does; `None` on a machine without the binutils
    /// that a static library needs, which is said.
    ///
    /// # Panics
    /// It cannot be installed.
    #[must_use]
    pub fn install(&self) -> Option<Installed> {
        if let Some(missing) = ["ld", "objcopy", "ar", "nm"].iter().find(|tool| !is_there(OsStr::new(tool))) {
            eprintln!("skipped: this machine has no {missing}");
            return None;
        }
        let place = tempfile::tempdir().expect("a folder of our own");
        let places = Places { prefix: place.path().join("usr"), destdir: PathBuf::new() };
        let archive = link::built_archive(&self.library).expect("the archive under test");
        install::one(&self.library, &archive, &places).unwrap_or_else(|error| panic!("{error}"));
        Some(Installed { library: self.library.clone(), prefix: places.prefix, place })
    }

    /// Whether `source` compiles, and the compiler's words.
    ///
    /// # Panics
    /// The compiler cannot be run.
    #[must_use]
    pub fn try_compile(&self, source: &str, dialect: Dialect) -> (bool, String) {
        let mut command = Command::new(dialect.compiler());
        command.args(dialect.flags()).args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]);
        command.args(self.library.headers().map(|folder| link::joined("-I", &folder)));
        let output = command.arg(self.library.folder.join(source)).output().expect("a compiler");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Dialect {
    fn compiler(self) -> OsString {
        match self {
            Self::C11 | Self::C11Sanitized => link::compiler(),
            Self::Cxx17 => env::var_os("CXX").unwrap_or_else(|| "c++".into()),
            Self::C11Clang => "clang".into(),
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::C11 | Self::C11Clang => &["-std=c11", "-x", "c"],
            Self::Cxx17 => &["-std=c++17", "-x", "c++"],
            Self::C11Sanitized => &[
                "-std=c11",
                "-fsanitize=address,undefined",
                "-fno-sanitize-recover=undefined",
                "-fno-omit-frame-pointer",
                "-x",
                "c",
            ],
        }
    }
}

pub(crate) fn is_there(tool: &OsStr) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
