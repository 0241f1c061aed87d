// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage bench` as scripts meet it: rows with every column, usage errors, an end that leaves nothing behind.

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use support::{Outcome, cabotage, run, start, until};

const LATENCY_COLUMNS: [&str; 11] = [
    "case",
    "bytes",
    "p50_ns",
    "p99_ns",
    "p999_ns",
    "max_ns",
    "limit_p50_ns",
    "ratio",
    "ratio_q1",
    "ratio_q3",
    "rounds",
];
const STREAM_COLUMNS: [&str; 9] =
    ["case", "bytes", "mps", "gb_per_s", "limit_mps", "ratio", "ratio_q1", "ratio_q3", "rounds"];
const SERVED_COLUMNS: [&str; 11] = [
    "case",
    "bytes",
    "mps",
    "limit_mps",
    "p50_ns",
    "p99_ns",
    "limit_p99_ns",
    "ratio",
    "ratio_q1",
    "ratio_q3",
    "rounds",
];
/// What `link.idle` has besides.
const LINK_COLUMNS: [&str; 4] = ["links", "bytes_per_link", "descriptors_per_link", "slab_bytes_per_link"];

fn bench(arguments: &[&str]) -> Outcome {
    run(&[&["bench"], arguments].concat())
}

fn rows(arguments: &[&str]) -> Vec<Value> {
    bench(&[&["--json", "--seconds", "0.02"], arguments].concat()).expect(0).json()
}

/// The rows of these cases, each family measured in a process of its own: all of them in one would take nearly as long as
/// the watchdog lets a process run.
fn rows_by_family<'a>(cases: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let families: BTreeSet<_> = cases.filter_map(|case| case.split('.').next()).collect();
    families.into_iter().flat_map(|family| rows(&[family, "--links", "50"])).collect()
}

#[test]
fn every_case_gives_one_row_with_every_column() {
    let listed = bench(&["--list"]).expect(0).text();
    let rows = rows_by_family(listed.lines().filter_map(|line| line.split_whitespace().next()));
    assert_eq!(rows.len(), listed.lines().count());
    for row in &rows {
        let name = row["case"].as_str().unwrap();
        let mut wanted = match (row.get("mps"), row.get("p99_ns")) {
            (Some(_), Some(_)) => SERVED_COLUMNS.to_vec(),
            (Some(_), None) => STREAM_COLUMNS.to_vec(),
            _ => LATENCY_COLUMNS.to_vec(),
        };
        wanted.extend(if name == "link.idle" { &LINK_COLUMNS[..] } else { &[] });
        let columns: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(columns.len(), wanted.len(), "{name}: {columns:?}");
        assert!(wanted.iter().all(|column| row.get(column).is_some()), "{name}: {columns:?}");
        assert!(row["rounds"].as_u64().unwrap() >= 20, "{row}");
        assert_eq!(row["ratio"].is_null(), name.starts_with("limit."), "{row}");
    }
}

#[test]
fn the_quartiles_enclose_the_ratio() {
    let rows = rows(&["pipe.rtt"]);
    let [q1, ratio, q3] = ["ratio_q1", "ratio", "ratio_q3"].map(|column| rows[0][column].as_f64().unwrap());
    assert!(0.0 < q1 && q1 <= ratio && ratio <= q3, "{}", rows[0]);
}

#[test]
fn idle_links_cost_a_descriptor_each_and_little_memory() {
    let rows = rows(&["link.idle", "--links", "50"]);
    let column = |name| rows[0][name].as_f64().unwrap();
    assert_eq!(column("links"), 50.0);
    assert!((1.0..=1.05).contains(&column("descriptors_per_link")), "{}", rows[0]);
    assert!((4096.0..=65_536.0).contains(&column("bytes_per_link")), "{}", rows[0]);
}

#[test]
fn more_links_than_a_process_may_have_are_a_usage_error_with_the_fix() {
    let words = bench(&["link.idle", "--links", "1000000"]).expect(2).errors();
    assert!(words.contains("--links"), "{words}");
}

#[test]
fn people_get_the_shape_of_the_machine_and_a_line_a_case() {
    let outcome = bench(&["pipe.rtt", "--seconds", "0.02"]).expect(0);
    let (line, machine) = (outcome.text(), outcome.errors());
    assert!(line.starts_with("pipe.rtt") && line.contains("ratio") && line.contains("p99.9"), "{line}");
    assert!(machine.contains("Linux") && machine.contains("processor"), "{machine}");
}

#[test]
fn an_unknown_case_and_a_senseless_time_are_usage_errors_with_the_fix() {
    for (arguments, fix) in
        [(&["pipe.rt"][..], "--list"), (&["--seconds", "0"], "0.5"), (&["--seconds", "much"], "0.5")]
    {
        let words = bench(arguments).expect(2).errors();
        assert!(words.contains(fix), "{words}");
    }
}

#[test]
fn a_killed_benchmark_leaves_no_process_and_no_object() {
    let mut bench = start(&mut cabotage(&["bench", "shm.create", "--seconds", "60"]));
    let mut peers = Vec::new();
    until("two peers run", || {
        peers = children_of(bench.id());
        peers.len() == 2
    });
    let prefixes: Vec<_> = peers.iter().map(|pid| format!("cabotage-bench-{pid}-")).collect();
    let is_there = || {
        let names = fs::read_dir("/dev/shm")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        names.into_iter().any(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
    };
    until("objects come and go", is_there);
    bench.kill().unwrap();
    bench.wait().unwrap();
    until("the peers have ended", || !peers.iter().any(|pid| is_alive(pid)));
    assert!(!is_there());
}

#[test]
fn a_killed_benchmark_of_names_leaves_none() {
    for case in ["link.connect", "link.idle"] {
        let directory = tempfile::tempdir().unwrap();
        let names = || fs::read_dir(&directory).unwrap().count();
        let mut command = cabotage(&["bench", case, "--links", "50", "--seconds", "60"]);
        let mut bench = start(command.env("TMPDIR", directory.path()));
        until("subject and limit have a directory each", || names() == 2);
        bench.kill().unwrap();
        bench.wait().unwrap();
        until("the directories are gone", || names() == 0);
    }
}

fn children_of(parent: u32) -> Vec<String> {
    let names =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    names
        .filter(|pid| state_of(pid).is_some_and(|(_, its_parent)| its_parent == parent.to_string()))
        .collect()
}

/// Whether the process runs; one that has ended and waits for its new parent to notice does not.
fn is_alive(pid: &str) -> bool {
    state_of(pid).is_some_and(|(state, _)| !["Z", "X"].contains(&&*state))
}

/// The state and the parent of a process, if there is one.
fn state_of(pid: &str) -> Option<(String, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned);
    Some((fields.next()?, fields.next()?))
}
