// SPDX-License-Identifier: MIT OR Apache-2.0
//! A part of everything that a hostile peer can do, drawn anew at each run; all of it is
//! `cabotage-tests hostile run`.
#![forbid(unsafe_code)]

use cabotage_os::limits;
use cabotage_tests::hostile::alpc;
use cabotage_tests::hostile::alpc::clients::Clients;
use cabotage_tests::hostile::alpc::fields::ALPC_FIELDS;
use cabotage_tests::hostile::alpc::server_fields::SERVER_FIELDS;
use cabotage_tests::hostile::attacker::Meeting;
use cabotage_tests::hostile::campaign::{Campaign, Outcome, Plan};
use cabotage_tests::hostile::channel::consumers::Consumers;
use cabotage_tests::hostile::channel::fields::CHANNEL_FIELDS;
use cabotage_tests::hostile::channel::producers::Producers;
use cabotage_tests::hostile::lie::{Lie, Manner};
use cabotage_tests::hostile::link_fields::FIELDS;
use cabotage_tests::hostile::mach::fields::MACH_FIELDS;
use cabotage_tests::hostile::mach::holders::Holders;
use cabotage_tests::hostile::mach::owner_fields::OWNER_FIELDS;
use cabotage_tests::hostile::mach::owners::Owners;
use cabotage_tests::hostile::pipe::fields::PIPE_FIELDS;
use cabotage_tests::hostile::pipe::servers::Servers;
use cabotage_tests::hostile::stage::Attackers;
use cabotage_tests::hostile::values::Value;
use cabotage_tests::random::Random;

fn plan(attackers: Attackers) -> Plan {
    Plan { field: String::new(), one_in: 8, flood: 500, attackers }
}

fn channel_plan(attackers: Attackers) -> Plan {
    Plan { field: String::new(), one_in: 40, flood: 300, attackers }
}

#[track_caller]
fn nothing_wrong(outcome: &Outcome) {
    assert!(outcome.problems.is_empty(), "of {} attacks: {:#?}", outcome.attacks, outcome.problems);
}

/// Of a process that may have few descriptors its quota refuses the flood before a rule is broken, and the expectations
/// of the kit are made for rules.
fn has_few_descriptors() -> bool {
    const ENOUGH: u64 = 4096;
    let few = limits::descriptors().is_ok_and(|limit| limit.soft < ENOUGH);
    if few {
        eprintln!("skipped: this needs {ENOUGH} descriptors (ulimit -n)");
    }
    few
}

/// Else a lie about it would say nothing.
#[test]
fn a_kit_that_tells_the_truth_writes_every_field_and_is_no_liar() {
    let mut campaign = Campaign::new(plan(Attackers::Ours));
    for (number, field) in FIELDS.iter().enumerate() {
        let lie = Lie { field, value: Value::Truth, manner: Manner::Static };
        campaign.lie(lie, Meeting::ALL[number % 2]);
    }
    nothing_wrong(&campaign.end());
}

/// As for links: what is never written cannot be lied about.
#[test]
fn a_client_of_a_named_pipe_that_tells_the_truth_is_no_liar() {
    let mut campaign = Campaign::new(plan(Attackers::Ours));
    for field in PIPE_FIELDS {
        campaign.lie(Lie { field, value: Value::Truth, manner: Manner::Static }, Meeting::Pipe);
    }
    nothing_wrong(&campaign.end());
}

#[test]
fn clients_of_a_named_pipe_that_lie_end_their_instance_and_nothing_else() {
    let mut random = Random::of_today("clients of a pipe");
    for attackers in Attackers::possible() {
        let mut campaign = Campaign::new(plan(*attackers));
        campaign.lies_of_pipes(&mut random);
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn clients_of_a_named_pipe_that_are_silent_or_die_hold_nobody_up() {
    let mut campaign = Campaign::new(plan(Attackers::Ours));
    campaign.silence_and_death_of_pipes();
    nothing_wrong(&campaign.end());
}

#[test]
fn a_server_of_a_named_pipe_that_tells_the_truth_is_no_liar() {
    let mut servers = Servers::new(plan(Attackers::Ours));
    for field in PIPE_FIELDS {
        servers.lie(Lie { field, value: Value::Truth, manner: Manner::Static });
    }
    nothing_wrong(&servers.end());
}

#[test]
fn servers_of_a_named_pipe_that_lie_end_their_own_instance_and_not_their_client() {
    let mut random = Random::of_today("servers of a pipe");
    for attackers in Attackers::possible() {
        let mut servers = Servers::new(plan(*attackers));
        servers.lies(&mut random);
        nothing_wrong(&servers.end());
    }
}

#[test]
fn whatever_stands_in_the_folder_of_a_pipe_its_clients_are_well() {
    for attackers in Attackers::possible() {
        let mut servers = Servers::new(plan(*attackers));
        servers.folders();
        nothing_wrong(&servers.end());
    }
}

#[test]
fn servers_of_a_named_pipe_that_are_silent_or_die_hold_their_client_until_its_deadline_at_most() {
    let mut servers = Servers::new(plan(Attackers::Ours));
    servers.silence();
    servers.death();
    nothing_wrong(&servers.end());
}

#[test]
fn lies_end_the_link_of_the_liar_and_nothing_else() {
    let mut random = Random::of_today("lies");
    for attackers in Attackers::possible() {
        let mut campaign = Campaign::new(plan(*attackers));
        campaign.lies(&mut random);
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn silence_and_death_at_every_step_hold_nobody_up() {
    let mut campaign = Campaign::new(plan(Attackers::Ours));
    campaign.silence();
    campaign.death();
    nothing_wrong(&campaign.end());
}

#[test]
fn no_kind_of_descriptor_in_no_number_does_harm() {
    if has_few_descriptors() {
        return;
    }
    for attackers in Attackers::possible() {
        let mut campaign = Campaign::new(plan(*attackers));
        campaign.descriptors();
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn floods_leave_nothing_behind() {
    if has_few_descriptors() {
        return;
    }
    for attackers in Attackers::possible() {
        let mut campaign = Campaign::new(plan(*attackers));
        campaign.floods();
        nothing_wrong(&campaign.end());
    }
}

/// As for links: what is never written cannot be lied about.
#[test]
fn both_ends_of_a_channel_that_tell_the_truth_are_no_liars() {
    let mut consumers = Consumers::new(plan(Attackers::Ours));
    let mut producers = Producers::new(plan(Attackers::Ours));
    for field in CHANNEL_FIELDS {
        let lie = Lie { field, value: Value::Truth, manner: Manner::Static };
        if field.name.starts_with("knock.") { consumers.lie(lie) } else { producers.lie(lie) }
    }
    nothing_wrong(&consumers.end());
    nothing_wrong(&producers.end());
}

#[test]
fn consumers_of_a_channel_that_lie_or_flood_cost_their_successor_nothing() {
    let mut random = Random::of_today("consumers");
    for attackers in Attackers::possible() {
        let mut campaign = Consumers::new(channel_plan(*attackers));
        campaign.lies(&mut random);
        campaign.floods();
        campaign.descriptors(&mut random);
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn producers_of_a_channel_that_lie_are_told_from_those_that_follow() {
    let mut random = Random::of_today("producers");
    for attackers in Attackers::possible() {
        let mut campaign = Producers::new(channel_plan(*attackers));
        campaign.lies(&mut random);
        campaign.descriptors(&mut random);
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn silence_and_death_of_a_consumer_end_with_it() {
    let mut campaign = Consumers::new(channel_plan(Attackers::Ours));
    campaign.silence();
    campaign.death();
    nothing_wrong(&campaign.end());
}

#[test]
fn a_producer_that_is_silent_or_dies_holds_no_consumer_up() {
    let mut campaign = Producers::new(channel_plan(Attackers::Ours));
    campaign.silence();
    campaign.death();
    nothing_wrong(&campaign.end());
}

/// As for links and channels.
#[test]
fn a_client_of_alpc_that_tells_the_truth_is_no_liar() {
    let mut clients = Clients::new(channel_plan(Attackers::Ours));
    for field in ALPC_FIELDS {
        clients.lie(Lie { field, value: Value::Truth, manner: Manner::Static });
    }
    nothing_wrong(&clients.end());
}

#[test]
fn clients_of_alpc_that_lie_say_what_they_may_not_or_flood_cost_others_nothing() {
    let mut random = Random::of_today("clients of ALPC");
    for attackers in Attackers::possible() {
        let mut campaign = Clients::new(Plan { one_in: 12, ..channel_plan(*attackers) });
        campaign.lies(&mut random);
        campaign.breaches();
        campaign.floods();
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn clients_of_alpc_that_are_silent_or_die_at_any_step_hold_nobody_up() {
    let mut campaign = Clients::new(channel_plan(Attackers::Ours));
    campaign.silence();
    campaign.death();
    nothing_wrong(&campaign.end());
}

/// As for links and channels.
#[test]
fn a_server_of_alpc_that_tells_the_truth_is_no_liar() {
    let mut servers = alpc::servers::Servers::new(channel_plan(Attackers::Ours));
    for field in SERVER_FIELDS {
        servers.lie(Lie { field, value: Value::Truth, manner: Manner::Static });
    }
    nothing_wrong(&servers.end());
}

#[test]
fn servers_of_alpc_that_lie_or_say_what_they_may_not_cost_their_client_its_channel_and_nothing_else() {
    let mut random = Random::of_today("servers of ALPC");
    for attackers in Attackers::possible() {
        let mut campaign = alpc::servers::Servers::new(Plan { one_in: 12, ..channel_plan(*attackers) });
        campaign.lies(&mut random);
        campaign.breaches();
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn servers_of_alpc_that_are_silent_or_die_at_any_step_cost_their_client_its_deadline_at_most() {
    for attackers in Attackers::possible() {
        let mut campaign = alpc::servers::Servers::new(channel_plan(*attackers));
        campaign.silence();
        campaign.death();
        nothing_wrong(&campaign.end());
    }
}

/// As for links and channels.
#[test]
fn a_holder_of_a_send_right_that_tells_the_truth_is_no_liar() {
    let mut holders = Holders::new(channel_plan(Attackers::Ours));
    for field in MACH_FIELDS {
        holders.lie(Lie { field, value: Value::Truth, manner: Manner::Static });
    }
    nothing_wrong(&holders.end());
}

#[test]
fn holders_of_a_send_right_that_lie_or_say_what_they_may_not_cost_the_port_and_its_other_senders_nothing() {
    let mut random = Random::of_today("holders of a send right");
    for attackers in Attackers::possible() {
        let mut campaign = Holders::new(Plan { one_in: 12, ..channel_plan(*attackers) });
        campaign.lies(&mut random);
        campaign.breaches();
        campaign.words(&mut random);
        campaign.descriptors(&mut random);
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn holders_of_a_send_right_that_are_silent_hang_up_or_die_at_any_step_hold_nobody_up() {
    let mut campaign = Holders::new(channel_plan(Attackers::Ours));
    campaign.silence();
    campaign.death();
    nothing_wrong(&campaign.end());
}

#[test]
fn floods_of_holders_of_a_send_right_hold_nobody_up_and_leave_nothing_behind() {
    for attackers in Attackers::possible() {
        let mut campaign = Holders::new(channel_plan(*attackers));
        campaign.floods();
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn links_that_a_holder_of_a_send_right_makes_by_forks_count_for_its_quota() {
    for attackers in Attackers::possible() {
        let mut campaign = Holders::new(channel_plan(*attackers));
        campaign.forks_beyond_the_quota();
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn descriptors_of_holders_that_find_a_full_table_do_no_harm() {
    for attackers in Attackers::possible() {
        let mut campaign = Holders::new(channel_plan(*attackers));
        campaign.full_table();
        nothing_wrong(&campaign.end());
    }
}

/// As for links and channels.
#[test]
fn an_owner_of_a_port_that_tells_the_truth_is_no_liar() {
    let mut owners = Owners::new(channel_plan(Attackers::Ours));
    for field in OWNER_FIELDS {
        owners.lie(Lie { field, value: Value::Truth, manner: Manner::Static });
    }
    nothing_wrong(&owners.end());
}

#[test]
fn owners_of_a_port_that_lie_or_say_what_they_may_not_cost_their_holder_its_right_and_nothing_else() {
    let mut random = Random::of_today("owners of a port");
    for attackers in Attackers::possible() {
        let mut campaign = Owners::new(Plan { one_in: 12, ..channel_plan(*attackers) });
        campaign.lies(&mut random);
        campaign.breaches();
        nothing_wrong(&campaign.end());
    }
}

#[test]
fn owners_of_a_port_that_are_silent_or_die_at_any_step_cost_their_holder_its_deadline_at_most() {
    for attackers in Attackers::possible() {
        let mut campaign = Owners::new(channel_plan(*attackers));
        campaign.silence();
        campaign.death();
        nothing_wrong(&campaign.end());
    }
}
