// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage bench`: what each mechanism costs, held against what the kernel and the memory can do at best.
//!
//! A case runs in two processes and takes turns with its limit, round by round ([`rounds`]). What is measured is
//! in [`cases`]; how, in the shapes [`round_trip`], [`stream`], [`work`], [`burst`] and [`crowd`].

mod burst;
mod case;
mod cases;
mod clock;
mod crowd;
mod descriptors;
mod far;
mod machine;
mod meeting;
mod note;
mod passed;
mod peer;
mod report;
mod round_trip;
mod rounds;
mod served;
mod session;
mod statistics;
mod stream;
mod units;
mod work;

use std::time::Duration;

use cabotage::os::processor;

use self::case::{Case, Result};
pub(crate) use self::far::{FarArgs, serve};
use self::machine::Machine;
use self::report::Row;
use self::rounds::Plan;
use crate::exit::{Exit, Failure};
use crate::output::{Output, Style};

/// Measure each mechanism against what this machine can do at best
///
/// Each case runs in two processes, in short rounds by turns with its limit. The ratio is the median over the
/// rounds, its quartiles in brackets: of latencies a multiple of the limit's (1.0 is as good as it gets, 1.05 is
/// 5 % slower), of streams a share of the limit's pace (0.95 is 5 % slower).
///
/// The machine's shape and warnings go to standard error, results to standard output.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Cases, or families of them such as `pipe` [default: all; see --list]
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// About how long each case is measured; at least 20 rounds are run
    #[arg(long, value_name = "N", default_value = "3", value_parser = seconds)]
    seconds: Duration,
    /// How many idle links `link.idle` has; the most clients that a case has
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    links: u32,
    /// Say which cases there are
    #[arg(long)]
    list: bool,
}

fn seconds(text: &str) -> std::result::Result<Duration, &'static str> {
    const ADVICE: &str = "write a number of seconds from 0.001 to 86400, such as 3 or 0.5";
    let seconds: f64 = text.parse().map_err(|_| ADVICE)?;
    let sensible = (0.001..=86_400.0).contains(&seconds);
    sensible.then(|| Duration::from_secs_f64(seconds)).ok_or(ADVICE)
}

/// Runs the benchmark.
pub(crate) fn run(args: &BenchArgs, output: &Output) -> Result<Exit> {
    let cases = cases::select(&args.cases).map_err(|stranger| unknown(&stranger))?;
    match args.list {
        true => list(&cases, output)?,
        false => measure(&cases, args, output)?,
    }
    Ok(Exit::Done)
}

fn unknown(stranger: &str) -> Failure {
    Failure::usage(format!("no benchmark case is called `{stranger}`: `cabotage bench --list` names them"))
}

fn list(cases: &[&Case], output: &Output) -> Result<()> {
    cases.iter().try_for_each(|case| match output.is_json() {
        true => output.record(&serde_json::json!({ "case": case.name, "about": case.about })),
        false => output.line(format_args!("{:21} {}", output.paint(Style::Bold, case.name), case.about)),
    })
}

fn measure(cases: &[&'static Case], args: &BenchArgs, output: &Output) -> Result<()> {
    let machine = Machine::look()?;
    output.remark(&machine);
    if let Some(doubt) = machine.doubt() {
        output.remark(format_args!("beware: {doubt}"));
    }
    machine.pair.map_or(Ok(()), |pair| processor::pin(pair.near))?;
    let plan = Plan { patience: args.seconds, pair: machine.pair, links: args.links };
    cases.iter().try_for_each(|case| measure_one(case, plan, output))
}

fn measure_one(case: &'static Case, plan: Plan, output: &Output) -> Result<()> {
    let outcome = rounds::measure(case, plan).map_err(|failure| failure.about(case.name))?;
    let row = Row::of(case, &outcome);
    match output.is_json() {
        true => output.record(&row)?,
        false => output.line(&row)?,
    }
    if let Some(warning) = row.warning() {
        output.remark(format_args!("beware: {warning}"));
    }
    Ok(())
}
