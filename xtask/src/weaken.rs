// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the models of the lane can fail: each ordering weakened and each step dropped, one at a time.
//!
//! Every mutant is a copy of the workspace's crates under `target/weaken` with one place changed; loom must find
//! an interleaving in which it goes wrong, or an ordinary test must fail where every interleaving goes wrong. A
//! mutant that survives means that a model is missing, or that the code does more than it needs.

mod mutants;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use cargo_metadata::{Artifact, Message};
use mutants::{Mutant, SUITES, Suite};

/// A test that takes longer hangs, and has caught its mutant: unweakened, each takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the code stands that is weakened.
const SOURCE: &str = "crates/cabotage-lane/src";

/// Which mutants are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    /// Those that loom's models must catch.
    Models,
    /// Those too that the ordinary tests must catch.
    All,
    /// Those with this word in their name, their file or their test.
    Named(&'a str),
}

impl Choice<'_> {
    fn has(self, suite: &Suite, mutant: &Mutant) -> bool {
        match self {
            Self::Models => suite.is_model,
            Self::All => true,
            Self::Named(word) => {
                [mutant.name, mutant.file, suite.test].iter().any(|text| text.contains(word))
            }
        }
    }
}

/// Tries the mutants chosen; fails naming those that survive.
pub(crate) fn check(choice: Choice<'_>) -> Result<String, Box<dyn std::error::Error>> {
    let copy = fresh_copy()?;
    let (mut tried, mut survivors) = (0, Vec::new());
    for suite in SUITES {
        let chosen: Vec<_> = suite.mutants.iter().filter(|mutant| choice.has(suite, mutant)).collect();
        if !chosen.is_empty() && !passes(&copy, suite)? {
            return Err(format!("the tests of {} fail before anything is weakened", suite.test).into());
        }
        for mutant in chosen {
            let start = Instant::now();
            let caught = is_caught(&copy, suite, mutant)?;
            let (verdict, seconds) =
                (if caught { "caught" } else { "SURVIVED" }, start.elapsed().as_secs_f32());
            println!("{verdict:8} {seconds:4.1} s  {}", mutant.name);
            tried += 1;
            if !caught {
                survivors.push(mutant.name);
            }
        }
    }
    if tried == 0 {
        return Err("no mutant has this word in its name, file or test".into());
    }
    match survivors.as_slice() {
        [] => Ok(format!("{tried} mutants of the lane, all caught by its tests")),
        names => Err(format!("no test catches: {}", names.join("; ")).into()),
    }
}

fn is_caught(copy: &Path, suite: &Suite, mutant: &Mutant) -> Result<bool, Box<dyn std::error::Error>> {
    let path = copy.join(SOURCE).join(mutant.file);
    let whole = fs::read_to_string(&path)?;
    if whole.matches(mutant.text).count() != 1 {
        return Err(format!("{}: `{}` must stand there once", mutant.file, mutant.text).into());
    }
    fs::write(&path, whole.replace(mutant.text, mutant.weaker))?;
    let passed = passes(copy, suite);
    fs::write(&path, whole)?;
    Ok(!passed?)
}

/// A mutant that does not compile would count as caught, so building comes first.
fn passes(copy: &Path, suite: &Suite) -> Result<bool, Box<dyn std::error::Error>> {
    let program = build(copy, suite)?.ok_or("a mutant does not compile: mend its entry")?;
    let mut command = Command::new(program);
    command.env("LOOM_MAX_PREEMPTIONS", "2").stderr(Stdio::null());
    Ok(ends_well(&mut command)?)
}

/// The program of this test, built anew; `None` if the compiler refused.
fn build(copy: &Path, suite: &Suite) -> Result<Option<PathBuf>, Box<dyn std::error::Error>> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["test", "--quiet", "--package", "cabotage-lane", "--test", suite.test, "--no-run"]);
    cargo.arg("--message-format=json").current_dir(copy);
    // A mutant is built more often than it is run: only what it changes is compiled, and little is optimised.
    cargo.env("CARGO_INCREMENTAL", "1").env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "0").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    if suite.is_model {
        cargo.arg("--release").env("RUSTFLAGS", "--cfg loom --cap-lints allow");
        cargo.env("CARGO_TARGET_DIR", copy.join("target"));
    } else {
        cargo.env("RUSTFLAGS", "--cap-lints allow").env("CARGO_TARGET_DIR", copy.join("target/ordinary"));
    }
    let output = cargo.output()?;
    if !output.status.success() {
        return Ok(None);
    }
    for message in Message::parse_stream(output.stdout.as_slice()) {
        if let Message::CompilerArtifact(Artifact { target, executable: Some(program), .. }) = message?
            && target.name == suite.test
        {
            return Ok(Some(program.into()));
        }
    }
    Err(format!("cargo names no program for {}", suite.test).into())
}

/// Whether all tests of a program pass. The first that fails is enough to know that they don't.
fn ends_well(command: &mut Command) -> io::Result<bool> {
    let (mut child, began) = (command.stdout(Stdio::piped()).spawn()?, Instant::now());
    let lines = lines_of(child.stdout.take().expect("it is piped"));
    loop {
        match lines.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
            Ok(line) if !line.ends_with("FAILED") => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(child.wait()?.success()),
            Ok(_) | Err(RecvTimeoutError::Timeout) => {
                child.kill()?;
                child.wait()?;
                return Ok(false);
            }
        }
    }
}

/// The lines that a program prints, as they come.
fn lines_of(output: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The workspace's sources again, where they can be broken.
fn fresh_copy() -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = root.join("target/weaken");
    for part in ["capi", "crates", "examples", "xtask"] {
        let _ = fs::remove_dir_all(copy.join(part));
        copy_folder(&root.join(part), &copy.join(part))?;
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(root.join(file), copy.join(file))?;
    }
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_mutant_changes_stands_in_the_lane_once() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(SOURCE);
        for mutant in SUITES.iter().flat_map(|suite| suite.mutants) {
            let found = fs::read_to_string(source.join(mutant.file)).unwrap().matches(mutant.text).count();
            assert_eq!(found, 1, "{}: {}", mutant.name, mutant.text);
            assert_ne!(mutant.text, mutant.weaker, "{}", mutant.name);
        }
    }
}
