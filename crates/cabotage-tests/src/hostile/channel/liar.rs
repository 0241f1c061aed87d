// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that lies to one end of a channel: it takes orders by lines, and answers what it has seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use cabotage_link::names::{ConnectOptions, Kind, Name, PublishOptions, Published, Scope};
use cabotage_os::socket::Socket;

use super::script::{self, CONSUMER, PRODUCER};
use super::{consumers, fields, producers};
use crate::hostile::attacker::act;
use crate::hostile::descriptors::{self, Case, Kinds};
use crate::hostile::floods::Source;
use crate::hostile::liar::{A_MOMENT, Liar};
use crate::hostile::lie::Lie;
use crate::hostile::link_fields::tag;
use crate::hostile::script::Step;
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a liar waits for an end that must come.
const AN_END: Duration = Duration::from_secs(20);

/// Plays the liar: the victim's place.
pub(crate) fn play(part: &Part) {
    let mut process = Process { place: Scratch::of(part.argument(0)), waiting: None, flood: None };
    let kinds = Kinds::new();
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let answer = match words[..] {
            ["consume", field, value, manner] => process.lie(CONSUMER, &parse(field, value, manner), part),
            ["produce", field, value, manner] => {
                process.lie(script::producer_of(field), &parse(field, value, manner), part)
            }
            ["consume-silent", steps] => {
                process.fall_silent(CONSUMER, steps.parse().expect("a number"), part)
            }
            ["produce-silent", steps] => {
                process.fall_silent(PRODUCER, steps.parse().expect("a number"), part)
            }
            ["drop"] => {
                process.waiting = None;
                "dropped".to_owned()
            }
            ["prepare", role, place] => process.prepare(side(role), place, part),
            ["strike", place, case] => process.strike(&kinds, place, case.parse().expect("a number")),
            ["flood", flood, amount] => process.flood(flood, amount.parse().expect("a number")),
            ["begin", flood] => process.begin(flood),
            ["enough"] => process.enough(),
            _ => panic!("an order that nobody understands: {order}"),
        };
        part.say(answer);
    }
}

fn parse(field: &str, value: &str, manner: &str) -> Lie {
    let found = fields::all().find(|known| known.name == field);
    let field = found.unwrap_or_else(|| panic!("no field is called {field}"));
    Lie { field, value: value.parse().expect("a value"), manner: manner.parse().expect("a manner") }
}

/// The steps of a consumer or of a producer.
fn side(role: &str) -> &'static [Step] {
    if role == "producer" { PRODUCER } else { CONSUMER }
}

struct Process {
    place: Scratch,
    /// A link that was prepared for something, or stays silent; and the name, with a producer.
    waiting: Option<(Liar, Option<Published>)>,
    flood: Option<(Arc<AtomicBool>, JoinHandle<u64>)>,
}

impl Process {
    /// A fresh link to the victim: as a consumer that connects to its name, or as a producer that publishes one, says
    /// so, and accepts whoever comes.
    fn meet(&self, steps: &[Step], part: &Part) -> (Socket, Option<Published>) {
        let name: Name = super::NAME.parse().expect("a name");
        let registry = self.place.registry();
        if std::ptr::eq(steps, CONSUMER) {
            let how = ConnectOptions::new().scope(Scope::System);
            let met = registry.connect(Kind::Channel, &name, how, soon());
            return (met.expect("a producer that lives"), None);
        }
        let how = PublishOptions::new().scope(Scope::System).mode(0o666);
        let published = registry.publish(Kind::Channel, &name, how, soon()).expect("a free name");
        part.say("published");
        (published.accept(soon()).expect("a consumer that comes"), Some(published))
    }

    /// Goes through all steps but the last with one lie, says goodbye, and waits for the victim to hang up if it must.
    /// Answers how often the lie was told, whether it had to be found, whether the victim has hung up, and before the
    /// goodbye, and how many messages it had sent until then.
    fn lie(&self, steps: &[Step], lie: &Lie, part: &Part) -> String {
        let is_true = lie.value == crate::hostile::values::Value::Truth;
        let patience = if is_true { AN_END } else { A_MOMENT };
        let (socket, published) = self.meet(steps, part);
        let mut liar = Liar::new(socket, Some(*lie), patience);
        let (last, steps) = steps.split_last().expect("steps");
        act(&mut liar, steps);
        let (was_evicted, messages) = (liar.heard().has_hung_up, liar.heard().messages);
        // What is read after the goodbye counts for nobody.
        liar.stop_reading();
        act(&mut liar, std::slice::from_ref(last));
        let told = liar.told();
        let is_looked_at =
            if published.is_some() { producers::is_looked_at } else { consumers::is_looked_at };
        let must_be_found = told.must_be_found && is_looked_at(lie.field);
        let has_ended = liar.wait_for_end(if must_be_found { AN_END } else { Duration::ZERO });
        format!("{} {must_be_found} {has_ended} {was_evicted} {messages}", told.times)
    }

    /// Goes through the first steps and says nothing more; answers the last step's name and how many messages came.
    fn fall_silent(&mut self, steps: &[Step], count: usize, part: &Part) -> String {
        let (socket, published) = self.meet(steps, part);
        let mut liar = Liar::new(socket, None, AN_END);
        act(&mut liar, &steps[..count]);
        let messages = liar.heard().messages;
        self.waiting = Some((liar, published));
        format!("{} {messages}", steps[count - 1].0)
    }

    /// A link that is ready for descriptors in this place.
    fn prepare(&mut self, steps: &[Step], place: &str, part: &Part) -> String {
        let (socket, published) = self.meet(steps, part);
        let mut liar = Liar::new(socket, None, AN_END);
        if published.is_some() {
            script::hello(&mut liar);
            script::welcome(&mut liar);
        } else {
            script::knock(&mut liar);
        }
        if place != "outbox" {
            liar.hand_over();
            match &published {
                Some(_) => {
                    liar.send(tag::PLAIN, b"a record, so that both outboxes have gone");
                    liar.settle();
                }
                None => script::admitted(&mut liar),
            }
        }
        liar.stop_reading();
        let messages = liar.heard().messages;
        self.waiting = Some((liar, published));
        format!("prepared {messages}")
    }

    /// Hands descriptors of the case over, and says goodbye; answers whether the victim has hung up.
    fn strike(&mut self, kinds: &Kinds, place: &str, case: usize) -> String {
        let (mut liar, published) = self.waiting.take().expect("something prepared");
        let case = Case::all(kinds).nth(case).expect("a case");
        let must_end = case.words(&kinds.all()[case.kind], place).is_some();
        descriptors::strike(&mut liar, kinds, place, case);
        // What passes ends when this end goes: a consumer takes it before, and a producer never does.
        let is_over = match (must_end, &published) {
            (true, _) => liar.wait_for_end(AN_END),
            (false, Some(_)) => liar.wait_for(AN_END, Liar::is_settled),
            (false, None) => true,
        };
        is_over.to_string()
    }

    /// So much of a flood; answers how much it was.
    fn flood(&self, flood: &str, amount: u64) -> String {
        let mut source = Source::of_channel(&self.place.to_string(), super::NAME, flood);
        let mut sent = 0;
        while sent < amount {
            sent += source.gush();
        }
        source.end();
        sent.to_string()
    }

    fn begin(&mut self, flood: &str) -> String {
        let mut source = Source::of_channel(&self.place.to_string(), super::NAME, flood);
        let is_enough = Arc::new(AtomicBool::new(false));
        let enough = is_enough.clone();
        let thread = std::thread::spawn(move || {
            let mut sent = 0;
            while !enough.load(Ordering::Relaxed) {
                sent += source.gush();
            }
            source.end();
            sent
        });
        self.flood = Some((is_enough, thread));
        "begun".to_owned()
    }

    fn enough(&mut self) -> String {
        let (is_enough, thread) = self.flood.take().expect("a flood");
        is_enough.store(true, Ordering::Relaxed);
        thread.join().expect("the flood's thread").to_string()
    }
}
