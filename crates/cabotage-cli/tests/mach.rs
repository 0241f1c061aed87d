// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verbs on Mach ports: a command that answers messages, names that are listed, shown, taken over and removed, and
//! services that are gone. Each test has a directory of its own for its names.

mod support;

use std::process::Child;

use cabotage::os::process::{Pidfd, Signal};

use support::{Harbour, tool};

fn kill(mut child: Child) {
    Pidfd::of_child(&child).unwrap().send_signal(Signal::KILL).unwrap();
    child.wait().unwrap();
}

#[test]
fn a_command_answers_messages_of_every_size() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let server = harbour.service(&["serve", "mach:echo", "--", cat.to_str().unwrap()], "echo");
    for bytes in [0, 1, 64, 5_000, 200_000] {
        let question: Vec<u8> = (0..=250).cycle().take(bytes).collect();
        let answer = harbour.run_with_input(&["call", "mach:echo"], &question).expect(0);
        assert!(answer.stdout == question, "{bytes} bytes");
    }
    let row = harbour.run_with_input(
        &["call", "--json", "mach:echo", "--output", harbour.0.path().join("answer").to_str().unwrap()],
        b"ahoy",
    );
    let row = row.expect(0).json().remove(0);
    assert_eq!((&row["address"], &row["answer_bytes"]), (&"mach:echo".into(), &4.into()));
    kill(server);
    harbour.run_with_input(&["call", "mach:echo"], b"ahoy").expect(3);
}

#[test]
fn a_name_is_listed_shown_taken_over_and_removed() {
    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let serve = ["serve", "mach:named", "--", cat.to_str().unwrap()];
    let server = harbour.service(&serve, "named");
    let row = harbour.run(&["ls", "mach", "--json"]).expect(0).json().remove(0);
    assert_eq!(
        (&row["kind"], &row["address"], &row["alive"]),
        (&"mach".into(), &"mach:named".into(), &true.into())
    );
    assert!(harbour.run(&["show", "mach:named"]).expect(0).text().contains("which lives"));
    assert_ne!(harbour.run(&["rm", "mach:named"]).status, Some(0), "a living service keeps its name");
    kill(server);
    assert!(harbour.run(&["ls", "mach"]).expect(0).text().contains("left behind"));
    let server = harbour.service(&serve, "named");
    // The name is there before its new owner is.
    harbour.run_with_input(&["call", "mach:named", "--timeout", "20"], b"ahoy").expect(0);
    kill(server);
    harbour.run(&["rm", "mach:named"]).expect(0);
    assert_eq!(harbour.run(&["ls", "mach"]).expect(0).text(), "");
}

#[test]
fn a_service_that_nobody_offers_is_missing_or_awaited_until_the_time_is_up() {
    let harbour = Harbour::new();
    harbour.run_with_input(&["call", "mach:nobody"], b"ahoy").expect(3);
    harbour.run_with_input(&["call", "mach:nobody", "--timeout", "0.1"], b"ahoy").expect(6);
}

#[test]
fn a_caller_whose_service_cannot_run_its_command_is_told_that_there_is_no_answer() {
    let harbour = Harbour::new();
    let server = harbour.service(&["serve", "mach:broken", "--", "/nowhere/nothing"], "broken");
    harbour.run_with_input(&["call", "mach:broken"], b"ahoy").expect(5);
    kill(server);
}

#[test]
fn a_server_of_names_starts_a_service_that_is_called_and_lists_it() {
    use std::os::unix::fs::PermissionsExt;

    let Some(cat) = tool("cat") else { return };
    let harbour = Harbour::new();
    let services = harbour.0.path().join("services");
    std::fs::create_dir(&services).unwrap();
    let file = services.join("com.example.echo");
    let command = env!("CARGO_BIN_EXE_cabotage");
    let text = format!("program = {command}\nargument = serve\nargument = --check-in\n");
    let text =
        text + "argument = mach:com.example.echo\nargument = --\nargument = " + cat.to_str().unwrap() + "\n";
    std::fs::write(&file, text).unwrap();
    for (path, mode) in [(&services, 0o700), (&file, 0o600)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let arguments = ["bootstrap", "--services", services.to_str().unwrap()];
    let server = harbour.service(&arguments, "cabotage.bootstrap");
    let listed = harbour.run(&["bootstrap", "--list"]).expect(0).text();
    assert_eq!(listed.trim(), "com.example.echo  on demand");
    let answer = harbour.run_with_input(&["call", "mach:com.example.echo"], b"ahoy").expect(0);
    assert_eq!(answer.stdout, b"ahoy");
    let row = harbour.run(&["bootstrap", "--list", "--json"]).expect(0).json().remove(0);
    assert_eq!((&row["name"], &row["status"]), (&"com.example.echo".into(), &"active".into()));
    harbour.run_with_input(&["call", "mach:nobody"], b"ahoy").expect(3);
    assert_ne!(harbour.run(&arguments).status, Some(0), "one server at a time");
    kill_group_of_jobs(&server);
    kill(server);
    harbour.run(&["bootstrap", "--list"]).expect(3);
}

/// Ends what a server has started.
fn kill_group_of_jobs(server: &Child) {
    let children = format!("/proc/{0}/task/{0}/children", server.id());
    for pid in std::fs::read_to_string(children).unwrap().split_whitespace() {
        let pid = cabotage::os::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
        if let Some(job) = Pidfd::open(pid).unwrap() {
            job.send_signal(Signal::KILL).unwrap();
        }
    }
}
