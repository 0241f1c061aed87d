// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every fuzz target on its committed corpus, and on what is next to it: each file cut short, and with a bit turned.

use std::fs;
use std::path::{Path, PathBuf};

use cabotage_tests::fuzz::{self, TARGETS};

const FILES_MAX: usize = 40;
const FILE_BYTES_MAX: usize = 512;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// The files of one target, by name.
fn files(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpus().join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn every_target_holds_on_its_corpus_and_next_to_it() {
    for (target, _) in TARGETS {
        for (name, data) in files(target) {
            println!("{target}/{name}");
            fuzz::run(target, &data);
            fuzz::run(target, &data[..data.len() / 2]);
            let mut turned = data;
            let middle = turned.len() / 2;
            if let Some(byte) = turned.get_mut(middle) {
                *byte ^= 0x80;
                fuzz::run(target, &turned);
            }
        }
    }
}

#[test]
fn every_corpus_has_a_target_and_is_small() {
    let targets: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    for entry in fs::read_dir(corpus()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(targets.contains(&name.as_str()), "fuzz/corpus/{name} has no target");
    }
    for target in targets {
        let files = files(target);
        assert!((1..=FILES_MAX).contains(&files.len()), "{target} has {} files", files.len());
        for (name, data) in files {
            let bytes = data.len();
            assert!(
                bytes <= FILE_BYTES_MAX,
                "{target}/{name} has {bytes} bytes: minimise it, or leave it out"
            );
        }
    }
}

#[test]
fn every_target_is_one_of_cargo_fuzz() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "fuzz/Cargo.toml lacks {target}");
        assert!(fuzz.join(format!("fuzz_targets/{target}.rs")).exists(), "fuzz_targets lacks {target}");
    }
}
