// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cargo's archive of a library made into what C programs link.
//!
//! The shared library is linked here and not by rustc, which gives the linker a version script of its own; GNU ld
//! takes no second one, so a library that rustc links has no versions. The static library is one object in which
//! everything but the exports is local: two archives of cargo's in one program would clash, since each holds Rust's
//! standard library. See docs/decisions/0124.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::Outcome;
use crate::exports;
use crate::library::Library;

/// What Rust's standard library needs of the system.
pub(crate) const SYSTEM: [&str; 5] = ["-lgcc_s", "-lpthread", "-lm", "-ldl", "-lc"];

/// The C compiler of this machine: what `CC` names, else `cc`.
pub fn compiler() -> OsString {
    env::var_os("CC").unwrap_or_else(|| "cc".into())
}

/// Links `archive` into the shared library `target`.
///
/// # Errors
/// There is no linker, or it refuses: it names a symbol of the map that nothing defines.
pub fn shared(library: &Library, archive: &Path, target: &Path) -> Outcome<()> {
    let draft = target.with_extension(format!("{}.draft", std::process::id()));
    let mut command = Command::new(compiler());
    command.args(["-shared", "-Wl,--gc-sections,--strip-debug", "-Wl,-z,defs,-z,now,-z,relro,-z,nodelete"]);
    command.arg(format!("-Wl,-soname,{}", library.soname()));
    command.arg(joined("-Wl,--version-script=", &library.map()));
    for name in exports::listed(library)? {
        command.arg(format!("-Wl,--require-defined={name}"));
    }
    command.arg("-o").arg(&draft).arg(archive).args(SYSTEM);
    run(&mut command)?;
    fs::rename(&draft, target)?;
    Ok(())
}

/// Makes `archive` one object in the static library `target`, with the exports and no other global symbol.
///
/// # Errors
/// As [`shared`]; `ld`, `objcopy` or `ar` are not there.
pub fn fixed(library: &Library, archive: &Path, target: &Path) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let [whole, object] = ["whole.o", "library.o"].map(|name| folder.path().join(name));
    let names = exports::listed(library)?;
    let mut command = Command::new("ld");
    command.args(["-r", "--gc-sections"]);
    command.args(names.iter().map(|name| format!("--require-defined={name}")));
    run(command.arg("-o").arg(&whole).arg(archive))?;
    let mut command = Command::new("objcopy");
    // Bitcode of the standard library, which tools with a plugin of LLVM take for broken once it is joined.
    command.args(["--strip-debug", "--remove-section=.llvmbc", "--remove-section=.llvmcmd"]);
    command.args(names.iter().map(|name| format!("--keep-global-symbol={name}")));
    run(command.args([&whole, &object]))?;
    let _ = fs::remove_file(target);
    run(Command::new("ar").arg("crs").args([target, &object]))
}

/// The archive that cargo made of the library last, for the build of which the running test is a part.
///
/// # Errors
/// There is none, or this is no test that cargo built.
pub fn built_archive(library: &Library) -> Outcome<PathBuf> {
    let program = env::current_exe()?;
    let folder = program.parent().ok_or("a program stands in a folder")?;
    let stem = format!("{}-", library.archive_stem());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&stem) && name.ends_with(".a")
    };
    let paths = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    // Builds with other features have archives of their own; of those that are up to date any will do.
    let newest =
        paths.filter(is_one).max_by_key(|path| path.metadata().and_then(|facts| facts.modified()).ok());
    newest.ok_or_else(|| format!("{}: no archive {stem}*.a", folder.display()).into())
}

pub(crate) fn joined(start: &str, path: &Path) -> OsString {
    let mut word = OsString::from(start);
    word.push(path);
    word
}

/// Runs a tool; what it said is in the error.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    let output = command.output().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("{:?} failed ({}):\n{words}", command.get_program(), output.status).into())
}
