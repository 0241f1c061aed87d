// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the models of the lane can fail: each ordering weakened and each step dropped, one at a time.
//!
//! Every mutant is a copy of the workspace's crates under `target/weaken` with one place changed; loom must find
//! an interleaving in which it goes wrong, or an ordinary test must fail where every interleaving goes wrong. A
//! mutant that survives means that a model is missing, or that the code does more than it needs.

mod mutants;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use cargo_metadata::{Artifact, Message};
use mutants::{BLOCKS, MUTANTS, Mutant, RING, RULES};

/// A test that takes longer hangs, and has caught its mutant: unweakened, each takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tries every mutant; fails naming those that survive.
pub(crate) fn check() -> Result<String, Box<dyn std::error::Error>> {
    let copy = fresh_copy()?;
    for test in [RING, BLOCKS, RULES] {
        if !passes(&copy, test)? {
            return Err(format!("the tests of {test} fail before anything is weakened").into());
        }
    }
    let mut survivors = Vec::new();
    for mutant in MUTANTS {
        let caught = is_caught(&copy, mutant)?;
        println!("{:8} {}", if caught { "caught" } else { "SURVIVED" }, mutant.name);
        if !caught {
            survivors.push(mutant.name);
        }
    }
    match survivors.as_slice() {
        [] => Ok(format!("{} mutants of the lane, all caught by its tests", MUTANTS.len())),
        names => Err(format!("no test catches: {}", names.join("; ")).into()),
    }
}

fn is_caught(copy: &Path, mutant: &Mutant) -> Result<bool, Box<dyn std::error::Error>> {
    let path = copy.join("crates/cabotage-lane/src").join(mutant.file);
    let whole = fs::read_to_string(&path)?;
    if whole.matches(mutant.text).count() != 1 {
        return Err(format!("{}: `{}` must stand there once", mutant.file, mutant.text).into());
    }
    fs::write(&path, whole.replace(mutant.text, mutant.weaker))?;
    let passed = passes(copy, mutant.test);
    fs::write(&path, whole)?;
    Ok(!passed?)
}

/// A mutant that does not compile would count as caught, so building comes first.
fn passes(copy: &Path, test: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let program = build(copy, test)?.ok_or("a mutant does not compile: mend its entry")?;
    let mut command = Command::new(program);
    command.env("LOOM_MAX_PREEMPTIONS", "2").stdout(Stdio::null()).stderr(Stdio::null());
    Ok(ends_well(&mut command)?)
}

/// The program of this test, built anew; `None` if the compiler refused.
fn build(copy: &Path, test: &str) -> Result<Option<PathBuf>, Box<dyn std::error::Error>> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["test", "--quiet", "--package", "cabotage-lane", "--test", test, "--no-run"]);
    cargo.arg("--message-format=json").current_dir(copy);
    if test == RULES {
        cargo.env("RUSTFLAGS", "--cap-lints allow").env("CARGO_TARGET_DIR", copy.join("target/ordinary"));
    } else {
        cargo.arg("--release").env("RUSTFLAGS", "--cfg loom --cap-lints allow");
        cargo.env("CARGO_TARGET_DIR", copy.join("target"));
    }
    let output = cargo.output()?;
    if !output.status.success() {
        return Ok(None);
    }
    for message in Message::parse_stream(output.stdout.as_slice()) {
        if let Message::CompilerArtifact(Artifact { target, executable: Some(program), .. }) = message?
            && target.name == test
        {
            return Ok(Some(program.into()));
        }
    }
    Err(format!("cargo names no program for {test}").into())
}

fn ends_well(command: &mut Command) -> io::Result<bool> {
    let (mut child, began) = (command.spawn()?, Instant::now());
    while began.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}

/// The workspace's sources again, where they can be broken.
fn fresh_copy() -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = root.join("target/weaken");
    for part in ["crates", "examples", "xtask"] {
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
