// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rows about peers that lie: all of the kit's campaigns, and how long others wait beside its floods.

use std::time::Duration;

use super::Row;
use crate::hostile::alpc::clients::Clients;
use crate::hostile::alpc::servers::Servers;
use crate::hostile::beside;
use crate::hostile::campaign::{Campaign, Outcome, Plan};
use crate::hostile::channel::consumers::Consumers;
use crate::hostile::channel::producers::Producers;
use crate::hostile::mach::holders::Holders;
use crate::hostile::mach::owners::Owners;
use crate::hostile::stage::Attackers;
use crate::random::Random;

/// The most that one lie may cost its victim.
const PROCESSOR_MAX: Duration = Duration::from_millis(100);

/// How often quiet and hostile phases take turns: fewer say nothing on a machine with other work.
const ROUNDS: usize = 40;
const OTHERS: &str = "at most 2 x for each flood";

/// What came of several campaigns.
#[derive(Debug, Default)]
struct Sum {
    attacks: u64,
    lies: u64,
    due: u64,
    processor: Duration,
    problems: Vec<String>,
}

impl Sum {
    fn add(&mut self, outcome: Outcome) {
        self.attacks += outcome.attacks;
        self.lies += outcome.lies;
        self.due += outcome.due;
        self.processor = self.processor.max(Duration::from_nanos(outcome.most_processor.0));
        outcome.problems.iter().for_each(|problem| println!("    WRONG: {problem}"));
        self.problems.extend(outcome.problems);
    }
}

/// Measures them.
pub(super) fn rows(seed: u64, long: bool) -> Vec<Row> {
    let mut random = Random::from_seed(seed);
    let (mut lies, mut descriptors) = (Sum::default(), Sum::default());
    for attackers in Attackers::possible() {
        attack(&plan(*attackers, long), &mut random, &mut lies, &mut descriptors);
    }
    let users = Attackers::possible().len();
    let value = format!(
        "{} attacks by {users} users, {} of them lies, {} of those to be found; {} problems",
        lies.attacks,
        lies.lies,
        lies.due,
        lies.problems.len()
    );
    let kinds =
        format!("{} attacks by {users} users; {} problems", descriptors.attacks, descriptors.problems.len());
    let target = "each ends its own link alone";
    vec![
        Row::judged("R5 hostile-peer", value, target, lies.problems.is_empty()),
        Row::judged(
            "R5 cost-of-a-lie",
            format!("at most {:.1?} of a processor", lies.processor),
            "at most 100 ms",
            lies.processor <= PROCESSOR_MAX,
        ),
        if long {
            others()
        } else {
            Row::skipped("R5 others-p99", "--long, or hostile run --p99: a few rounds say nothing", OTHERS)
        },
        Row::judged("R7 descriptors", kinds, target, descriptors.problems.is_empty()),
    ]
}

fn plan(attackers: Attackers, long: bool) -> Plan {
    let (one_in, flood) = if long { (1, 10_000) } else { (24, 500) };
    Plan { field: String::new(), one_in, flood, attackers }
}

fn attack(plan: &Plan, random: &mut Random, lies: &mut Sum, descriptors: &mut Sum) {
    let mut links = Campaign::new(plan.clone());
    links.lies(random);
    links.silence();
    links.death();
    links.floods();
    lies.add(links.end());
    let mut links = Campaign::new(plan.clone());
    links.descriptors();
    descriptors.add(links.end());
    let mut consumers = Consumers::new(plan.clone());
    consumers.lies(random);
    consumers.silence();
    consumers.death();
    consumers.floods();
    lies.add(consumers.end());
    let mut consumers = Consumers::new(plan.clone());
    consumers.descriptors(random);
    descriptors.add(consumers.end());
    let mut producers = Producers::new(plan.clone());
    producers.lies(random);
    producers.silence();
    producers.death();
    lies.add(producers.end());
    let mut producers = Producers::new(plan.clone());
    producers.descriptors(random);
    descriptors.add(producers.end());
    lies.add(Clients::new(plan.clone()).run(random));
    lies.add(Servers::new(plan.clone()).run(random));
    lies.add(Owners::new(plan.clone()).run(random));
    let mut holders = Holders::new(plan.clone());
    holders.lies(random);
    holders.breaches();
    holders.words(random);
    holders.silence();
    holders.death();
    holders.forks_beyond_the_quota();
    holders.floods();
    lies.add(holders.end());
    let mut holders = Holders::new(plan.clone());
    holders.descriptors(random);
    holders.full_table();
    descriptors.add(holders.end());
}

/// The flood beside which others wait longest.
fn others() -> Row {
    let measured: Vec<_> = beside::each("", ROUNDS).collect();
    let worst = measured.iter().max_by(|one, other| one.ratio().total_cmp(&other.ratio()));
    let passing = measured.iter().filter(|beside| beside.passes()).count();
    let worst = worst.map_or(String::new(), |worst| {
        format!("worst {:.2} x ({} of {})", worst.ratio(), worst.flood, worst.server)
    });
    let value = format!("{passing} of {} floods; {worst}", measured.len());
    Row::judged("R5 others-p99", value, OTHERS, passing == measured.len())
}
