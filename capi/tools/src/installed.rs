// SPDX-License-Identifier: MIT OR Apache-2.0
//! For tests: an installed library as its users find it, by pkg-config, shared or linked into the program.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::library::Library;
use crate::link::{self, SYSTEM};
use crate::program::Program;
use crate::toolbox::is_there;

/// See the [module](self). Its files go with it.
#[derive(Debug)]
pub struct Installed {
    pub(crate) library: Library,
    pub(crate) prefix: PathBuf,
    pub(crate) place: TempDir,
}

impl Installed {
    /// The folder of the libraries.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.prefix.join("lib")
    }

    /// The words that pkg-config has for a compiler; what stands in the file, where there is no pkg-config, which is
    /// said.
    ///
    /// # Panics
    /// pkg-config does not find the library.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        if !is_there(OsStr::new("pkg-config")) {
            eprintln!("without pkg-config: the words are put together by the test");
            let include = self.prefix.join("include");
            let headers =
                include.join("cabotage/compat").join(self.library.name.trim_start_matches("cabotage-"));
            let words = [("-I", include), ("-I", headers), ("-L", self.folder())];
            let words = words.map(|(start, path)| format!("{start}{}", path.display()));
            return words.into_iter().chain([format!("-l{}", self.library.name)]).collect();
        }
        let mut command = Command::new("pkg-config");
        command
            .args(["--cflags", "--libs", &self.library.name])
            .env("PKG_CONFIG_PATH", self.folder().join("pkgconfig"));
        let output = command.output().expect("pkg-config");
        assert!(output.status.success(), "pkg-config does not know {}", self.library.name);
        String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect()
    }

    /// Compiles a C program against the shared library.
    ///
    /// # Panics
    /// It does not compile.
    #[must_use]
    #[track_caller]
    pub fn compile(&self, source: &Path) -> Program {
        let rpath = link::joined("-Wl,-rpath,", &self.folder());
        self.compile_with(source, "shared", self.words().into_iter().map(OsString::from).chain([rpath]))
    }

    /// Compiles a C program with the library in it.
    ///
    /// # Panics
    /// It does not compile.
    #[must_use]
    #[track_caller]
    pub fn compile_static(&self, source: &Path) -> Program {
        let archive = self.folder().join(format!("lib{}.a", self.library.name)).into_os_string();
        let words = self.words().into_iter().filter(|word| word.starts_with("-I")).map(OsString::from);
        let all = words.chain([archive]).chain(SYSTEM.map(OsString::from));
        self.compile_with(source, "static", all)
    }

    #[track_caller]
    fn compile_with(&self, source: &Path, how: &str, words: impl Iterator<Item = OsString>) -> Program {
        let target = self.place.path().join(format!("program-{how}"));
        let mut command = Command::new(link::compiler());
        command.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-pthread"]);
        command.arg(source).args(words).arg("-o").arg(&target);
        if let Err(error) = link::run(&mut command) {
            panic!("{}: {error}", source.display());
        }
        Program::new(target)
    }

    /// Builds one program of the CMake project in `folder`, which finds the library by pkg-config; `None` on a machine
    /// without cmake or pkg-config, which is said.
    ///
    /// # Panics
    /// It cannot be built.
    #[must_use]
    #[track_caller]
    pub fn build_with_cmake(&self, folder: &Path, program: &str) -> Option<Program> {
        if let Some(missing) = ["cmake", "pkg-config"].iter().find(|tool| !is_there(OsStr::new(tool))) {
            eprintln!("skipped: this machine has no {missing}");
            return None;
        }
        let build = self.place.path().join("cmake");
        let mut configure = Command::new("cmake");
        configure.arg("-S").arg(folder).arg("-B").arg(&build);
        configure.arg(link::joined("-DCMAKE_PREFIX_PATH=", &self.prefix));
        configure.arg(link::joined("-DCMAKE_C_COMPILER=", Path::new(&link::compiler())));
        let mut make = Command::new("cmake");
        make.arg("--build").arg(&build).args(["--target", program]);
        for command in [&mut configure, &mut make] {
            if let Err(error) = link::run(command) {
                panic!("{}: {error}", folder.display());
            }
        }
        Some(Program::new(build.join(program)))
    }

    /// The names that the static library gives to others.
    ///
    /// # Panics
    /// There is no `nm`.
    #[must_use]
    pub fn global_names(&self) -> BTreeSet<String> {
        let mut command = Command::new("nm");
        command.args(["--extern-only", "--defined-only", "--format=posix"]);
        let output =
            command.arg(self.folder().join(format!("lib{}.a", self.library.name))).output().expect("nm");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let names =
            lines.lines().filter(|line| !line.ends_with(':')).filter_map(|line| line.split(' ').next());
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }
}
