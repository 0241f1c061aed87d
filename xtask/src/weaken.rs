// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the models of the lane can fail: each ordering weakened and each step dropped, one at a time.
//!
//! Every mutant is a copy of the workspace's crates under `target/weaken` with one place changed; loom must find
//! an interleaving in which it goes wrong. A mutant that survives means that a model is missing, or that the
//! code does more than it needs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// One place of the lane's code, and what weakens it. The text must stand there exactly once.
struct Mutant {
    name: &'static str,
    /// The test whose models must catch it.
    test: &'static str,
    file: &'static str,
    text: &'static str,
    weaker: &'static str,
}

const RING: &str = "loom_ring";
const BLOCKS: &str = "loom_blocks";

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a record is published without release",
        test: RING,
        file: "ring/sender.rs",
        text: "header, Ordering::Release)",
        weaker: "header, Ordering::Relaxed)",
    },
    Mutant {
        name: "the word after a record is not cleared",
        test: RING,
        file: "ring/sender.rs",
        text: "self.ring.store(self.index(self.staged), 0, Ordering::Relaxed);",
        weaker: "",
    },
    Mutant {
        name: "no room is kept for the word after a record",
        test: RING,
        file: "ring/sender.rs",
        text: "let needed = pad + words + 1;",
        weaker: "let needed = pad + words;",
    },
    Mutant {
        name: "a header is acted on without an acquire fence",
        test: RING,
        file: "ring/receiver.rs",
        text: "fence(Ordering::Acquire);",
        weaker: "",
    },
    Mutant {
        name: "consumption is told without release",
        test: RING,
        file: "ring/receiver.rs",
        text: "store(self.consumed, Ordering::Release)",
        weaker: "store(self.consumed, Ordering::Relaxed)",
    },
    Mutant {
        name: "a sender that sleeps for room is not rung",
        test: RING,
        file: "ring/receiver.rs",
        text: "self.ring_bell |= ",
        weaker: "let _ = ",
    },
    Mutant {
        name: "told consumption is acted on without an acquire fence",
        test: RING,
        file: "control.rs",
        text: "fence(Ordering::Acquire);",
        weaker: "",
    },
    Mutant {
        name: "whoever may have to ring does not fence before it looks",
        test: RING,
        file: "control.rs",
        text: "fence(Ordering::SeqCst);\n        let number",
        weaker: "let number",
    },
    Mutant {
        name: "whoever goes to sleep does not fence before it looks once more",
        test: RING,
        file: "control.rs",
        text: "word.store(self.0, Ordering::Relaxed);\n        fence(Ordering::SeqCst);",
        weaker: "word.store(self.0, Ordering::Relaxed);",
    },
    Mutant {
        name: "only the first sleep of all is answered",
        test: RING,
        file: "control.rs",
        text: "number != 0 && number != self.0",
        weaker: "number != 0 && self.0 == 0",
    },
    Mutant {
        name: "a block is given back without release",
        test: BLOCKS,
        file: "block/borrowed.rs",
        text: "store(loan, Ordering::Release)",
        weaker: "store(loan, Ordering::Relaxed)",
    },
    Mutant {
        name: "a block that came back is written without an acquire fence",
        test: BLOCKS,
        file: "block/pool.rs",
        text: "fence(Ordering::Acquire);",
        weaker: "",
    },
    Mutant {
        name: "a block is free as soon as it is sent",
        test: BLOCKS,
        file: "block/pool.rs",
        text: "if returned == place.loan {",
        weaker: "if returned <= place.loan {",
    },
    Mutant {
        name: "an owner that sleeps for a block does not fence before it looks once more",
        test: BLOCKS,
        file: "block/pool.rs",
        text: "fence(Ordering::SeqCst);",
        weaker: "",
    },
    Mutant {
        name: "whoever gives a block back does not fence before it looks",
        test: BLOCKS,
        file: "block/borrowed.rs",
        text: "fence(Ordering::SeqCst);",
        weaker: "",
    },
    Mutant {
        name: "only the first sleep for a block is answered",
        test: BLOCKS,
        file: "block/borrowed.rs",
        text: "self.answered.swap(sleep, Ordering::Relaxed) != sleep",
        weaker: "self.answered.swap(sleep, Ordering::Relaxed) == 0",
    },
    Mutant {
        name: "a sleep for a block has the number of the one before",
        test: BLOCKS,
        file: "block/pool.rs",
        text: "self.sleeps += 1;",
        weaker: "self.sleeps = 1;",
    },
    Mutant {
        name: "a loan is dropped without release",
        test: BLOCKS,
        file: "block/loan.rs",
        text: "fetch_or(slot.bit(), Ordering::Release)",
        weaker: "fetch_or(slot.bit(), Ordering::Relaxed)",
    },
];

/// Tries every mutant; fails naming those that survive.
pub(crate) fn check() -> Result<String, Box<dyn std::error::Error>> {
    let copy = fresh_copy()?;
    for test in [RING, BLOCKS] {
        if !models_pass(&copy, test)? {
            return Err(format!("the models of {test} fail before anything is weakened").into());
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
        [] => Ok(format!("{} mutants of the lane, all caught by its models", MUTANTS.len())),
        names => Err(format!("no model catches: {}", names.join("; ")).into()),
    }
}

fn is_caught(copy: &Path, mutant: &Mutant) -> Result<bool, Box<dyn std::error::Error>> {
    let path = copy.join("crates/cabotage-lane/src").join(mutant.file);
    let whole = fs::read_to_string(&path)?;
    if whole.matches(mutant.text).count() != 1 {
        return Err(format!("{}: `{}` must stand there once", mutant.file, mutant.text).into());
    }
    fs::write(&path, whole.replace(mutant.text, mutant.weaker))?;
    let passed = models_pass(copy, mutant.test);
    fs::write(&path, whole)?;
    Ok(!passed?)
}

/// A mutant that does not compile would count as caught, so building comes first.
fn models_pass(copy: &Path, test: &str) -> Result<bool, Box<dyn std::error::Error>> {
    if !loom(copy, test, &["--no-run"])? {
        return Err("a mutant does not compile: mend its entry".into());
    }
    Ok(loom(copy, test, &[])?)
}

fn loom(copy: &Path, test: &str, more: &[&str]) -> io::Result<bool> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["test", "--quiet", "--release", "--package", "cabotage-lane", "--test", test]).args(more);
    cargo.env("RUSTFLAGS", "--cfg loom --cap-lints allow").env("LOOM_MAX_PREEMPTIONS", "2");
    cargo.env("CARGO_TARGET_DIR", copy.join("target")).current_dir(copy);
    Ok(cargo.output()?.status.success())
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
