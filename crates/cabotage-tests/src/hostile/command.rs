// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage-tests hostile`: all attacks, or those on one field; how long others wait beside them; the table.

use clap::{Args, Subcommand};

use super::alpc::clients::Clients;
use super::alpc::fields::ALPC_FIELDS;
use super::alpc::server_fields::SERVER_FIELDS;
use super::alpc::servers::Servers;
use super::beside;
use super::campaign::{Campaign, Outcome, Plan};
use super::channel::consumers::Consumers;
use super::channel::fields;
use super::channel::producers::Producers;
use super::mach::fields::MACH_FIELDS;
use super::mach::holders::Holders;
use super::mach::owner_fields::OWNER_FIELDS;
use super::mach::owners::Owners;
use super::pipe;
use super::stage::Attackers;
use crate::random::Random;

/// Peers that lie, flood, fall silent and die
#[derive(Debug, Args)]
pub struct Hostile {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Run(Run),
    /// Prints the table of fields: where each stands, how many bits it has, what a truthful peer writes
    Fields,
}

/// Attacks a victim in every way, and says what went wrong
#[derive(Debug, Args)]
pub struct Run {
    /// Only lies about fields whose names begin with this, such as `hello.` or `control.consumed`
    #[arg(long, default_value = "")]
    field: String,
    /// For the random values, and for the part that is tried
    #[arg(long)]
    seed: Option<u64>,
    /// Tells one lie in so many
    #[arg(long, default_value_t = 1)]
    one_in: u64,
    /// Messages or connections of each flood
    #[arg(long, default_value_t = 10_000)]
    flood: u64,
    /// Instead measures how long an honest client waits beside each flood
    #[arg(long)]
    p99: bool,
    /// Only beside floods in whose names this is, with --p99
    #[arg(long, default_value = "")]
    flood_named: String,
    /// How often quiet, busy and hostile phases take turns, with --p99
    #[arg(long, default_value_t = 40)]
    rounds: usize,
}

impl Hostile {
    /// Does it; answers whether nothing went wrong.
    pub fn run(&self) -> bool {
        match &self.what {
            What::Fields => {
                print_fields();
                true
            }
            What::Run(run) if run.p99 => run.measure(),
            What::Run(run) => run.attack(),
        }
    }
}

impl Run {
    fn attack(&self) -> bool {
        let seeded = || Random::of_today("hostile");
        let mut random = self.seed.map_or_else(seeded, Random::from_seed);
        let mut is_well = true;
        for attackers in Attackers::possible() {
            let (field, one_in, flood) = (self.field.clone(), self.one_in, self.flood);
            let plan = Plan { field, one_in, flood, attackers: *attackers };
            let outcomes = [
                ("a client of links", Campaign::new(plan.clone()).run(&mut random)),
                ("a consumer of a channel", Consumers::new(plan.clone()).run(&mut random)),
                ("a producer of a channel", Producers::new(plan.clone()).run(&mut random)),
                ("a server of a named pipe", pipe::servers::Servers::new(plan.clone()).run(&mut random)),
                ("a client of ALPC", Clients::new(plan.clone()).run(&mut random)),
                ("a server of ALPC", Servers::new(plan.clone()).run(&mut random)),
                ("a holder of a send right", Holders::new(plan.clone()).run(&mut random)),
                ("an owner of a port", Owners::new(plan).run(&mut random)),
            ];
            for (what, outcome) in &outcomes {
                print(what, *attackers, outcome);
                is_well &= outcome.problems.is_empty();
            }
        }
        println!("seed {}", random.seed());
        is_well
    }

    fn measure(&self) -> bool {
        let mut is_well = true;
        for beside in beside::each(&self.flood_named, self.rounds) {
            print!("{beside}");
            is_well &= beside.passes();
        }
        is_well
    }
}

fn print(what: &str, attackers: Attackers, outcome: &Outcome) {
    let who = match attackers {
        Attackers::Ours => "of our own user",
        Attackers::Strangers => "of another user",
    };
    let Outcome { attacks, lies, due, most_calls, most_processor, .. } = outcome;
    println!("{attacks} attacks by {what}, {who}, of which {lies} lies; {due} of those had to be found");
    if most_calls.0 > 0 {
        println!("  most system calls for a lie: {} ({})", most_calls.0, most_calls.1);
        let most = std::time::Duration::from_nanos(most_processor.0);
        println!("  most time of a processor for a lie: {most:.1?} ({})", most_processor.1);
    }
    for (flood, sent, calls) in &outcome.floods {
        println!("  {sent} {flood}: {calls:.2} system calls of the victim for each");
    }
    for problem in &outcome.problems {
        println!("WRONG: {problem}");
    }
    println!("{} problems", outcome.problems.len());
}

fn print_fields() {
    for field in fields::all().chain(ALPC_FIELDS).chain(SERVER_FIELDS).chain(MACH_FIELDS).chain(OWNER_FIELDS)
    {
        println!("{:<26} {:>2} bits  {:?}: {}", field.name, field.bits, field.place, field.truth);
    }
}
