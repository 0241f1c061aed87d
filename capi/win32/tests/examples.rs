// SPDX-License-Identifier: MIT OR Apache-2.0
//! The examples do what they say, as separate programs in every dialect.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cabotage_c_tools::library::root;
use cabotage_c_tools::program::{Program, Running};
use cabotage_c_tools::toolbox::{DIALECTS, Dialect, Toolbox};
use cabotage_pipe::named::{ClientOptions, Registry};

const PATIENCE: Duration = Duration::from_secs(60);

fn example(name: &str, dialect: Dialect) -> Option<Program> {
    let toolbox = Toolbox::of(env!("CARGO_MANIFEST_DIR"))?;
    toolbox.compile_path(&root().join("examples/c").join(name), dialect)
}

#[test]
fn the_client_asks_and_the_server_answers() {
    for dialect in DIALECTS {
        let Some(server) = example("win32_server.c", dialect) else { return };
        let Some(client) = example("win32_client.c", dialect) else { return };
        let serving = server.start(&["8"]);
        let ask = |words: &[&str]| start_in(&client, server.place(), words);
        let (one, two) = (ask(&["ahoy", "there", "captain"]), ask(&["who", "goes", "there", "and", "why"]));
        let (one, two) = (one.end(), two.end());
        one.must_succeed();
        two.must_succeed();
        assert_eq!(one.stdout, "AHOY\nTHERE\nCAPTAIN\n");
        assert_eq!(two.stdout, "WHO\nGOES\nTHERE\nAND\nWHY\n");
        serving.end().must_succeed();
    }
}

#[test]
fn a_client_in_rust_and_a_server_in_c_meet_by_the_name() {
    let Some(server) = example("win32_server.c", Dialect::C11) else { return };
    let serving = server.start(&["2"]);
    let names = Registry::at(server.place().join("cabotage"), server.place().join("system"));
    let client = ClientOptions::messages().registry(&names).wait_for_server(true);
    let mut chat = client.open_within("cabotage-example", PATIENCE).unwrap();
    let mut answer = [0; 16];
    for (question, wanted) in [("ahoy", "AHOY"), ("who goes there", "WHO GOES THERE")] {
        let bytes = chat.transact(question.as_bytes(), &mut answer, PATIENCE).unwrap();
        assert_eq!(&answer[..bytes], wanted.as_bytes());
    }
    drop(chat);
    serving.end().must_succeed();
}

fn start_in(program: &Program, place: &Path, arguments: &[&str]) -> Running {
    Running::start(Command::new(program.path()).args(arguments), place)
}

#[test]
fn a_child_gets_its_two_ends_and_ends_when_its_parent_has_closed() {
    for dialect in DIALECTS {
        let Some(parent) = example("win32_child.c", dialect) else { return };
        let ended = parent.run();
        ended.must_succeed();
        assert_eq!(ended.stdout, "GREETINGS\nthe child ended with 0\n");
    }
}
