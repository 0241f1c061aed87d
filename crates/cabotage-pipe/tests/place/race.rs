// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many connects race a few listening instances, between several processes, some of which are killed on the way. The
//! long form is the example `instance_race`.

use std::process::Command;

#[path = "../../examples/instance_race/race.rs"]
mod parts;

use parts::{Plan, Race};

/// Tells a process which role it plays; its words are separated by this.
const ROLE: &str = "CABOTAGE_TEST_RACE";
const BETWEEN: &str = "\n";

#[test]
fn of_many_connects_racing_a_few_instances_none_is_lost_and_no_instance_has_two() {
    let root = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let start = |role: &[String]| {
        let mut command = Command::new(&program);
        command.args(["race::a_player_plays_its_role", "--exact", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, role.join(BETWEEN));
        command
    };
    let plan = Plan { rounds: 6, connects: 120, instances: 12, servers: 3, clients: 4, kills: true };
    Race::new(root.path(), plan, &start).run();
}

#[test]
fn a_player_plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    parts::play(&role.split(BETWEEN).map(str::to_owned).collect::<Vec<_>>());
}
