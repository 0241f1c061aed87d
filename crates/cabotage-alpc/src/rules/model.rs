// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both ends of a channel by the rules, against a second, deliberately simple model of the same.
//!
//! The model keeps all requests ever made in one list with what became of each, and looks at it from the front. What
//! is under way stands in two queues, one for each direction, as between two processes.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const PENDING_MAX: usize = 5;

/// What became of a request, as the model knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Simple {
    way: Way,
    /// The asker waits.
    waits: bool,
    /// The answerer has seen it and still owes the answer.
    is_owed: bool,
    /// The answerer has heard of its cancel.
    is_canceled: bool,
}

#[derive(Debug, Clone, Copy)]
enum Under {
    Request(u64),
    Cancel(u64),
}

#[derive(Debug, Clone)]
enum Act {
    Ask(bool),
    Cancel(u64),
    Answer(u64),
    /// The answerer takes the next thing under way, the asker likewise.
    Deliver,
    Hear,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        any::<bool>().prop_map(Act::Ask),
        (0..12_u64).prop_map(Act::Cancel),
        (0..12_u64).prop_map(Act::Answer),
        Just(Act::Deliver),
        Just(Act::Hear),
    ];
    proptest::collection::vec(act, 0..60)
}

#[derive(Debug)]
struct Pair {
    asked: Asked,
    owed: Owed,
    model: Vec<Simple>,
    there: VecDeque<Under>,
    back: VecDeque<u64>,
}

impl Pair {
    fn of(&mut self, id: u64) -> Option<&mut Simple> {
        self.model.get_mut(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    fn ask(&mut self, way: Way) {
        self.model.push(Simple { way, waits: true, is_owed: false, is_canceled: false });
        let id = self.asked.ask(way);
        assert_eq!(id, self.model.len() as u64);
        self.there.push_back(Under::Request(id));
    }

    fn cancel(&mut self, id: u64) {
        let did_wait = self.of(id).is_some_and(|simple| std::mem::take(&mut simple.waits));
        assert_eq!(self.asked.forget(id), did_wait);
        if did_wait {
            self.there.push_back(Under::Cancel(id));
        }
    }

    fn answer(&mut self, id: u64) {
        let was_owed = self.of(id).map(|simple| (std::mem::take(&mut simple.is_owed), simple.is_canceled));
        let expected = match was_owed {
            Some((true, true)) => Settling::Canceled,
            Some((true, false)) => Settling::Goes,
            _ => Settling::Unknown,
        };
        assert_eq!(self.owed.settle(id), expected);
        if expected == Settling::Goes {
            self.back.push_back(id);
        }
    }

    fn deliver(&mut self) {
        match self.there.pop_front() {
            None => {}
            Some(Under::Request(id)) => {
                let has_room = self.model.iter().filter(|simple| simple.is_owed).count() < PENDING_MAX;
                let simple = self.of(id).unwrap();
                simple.is_owed = has_room;
                let way = simple.way;
                let expected = if has_room { Admission::Taken } else { Admission::Excess };
                assert_eq!(self.owed.admit(id, way), expected);
                if !has_room {
                    self.back.push_back(id);
                }
            }
            Some(Under::Cancel(id)) => {
                let simple = self.of(id).unwrap();
                simple.is_canceled = true;
                let expected = if simple.is_owed { Canceling::Told } else { Canceling::Late };
                assert_eq!(self.owed.cancel(id), expected);
            }
        }
    }

    fn hear(&mut self) {
        let Some(id) = self.back.pop_front() else { return };
        let simple = self.of(id).unwrap();
        let expected = match std::mem::take(&mut simple.waits) {
            true => Answer::Expected(simple.way),
            false => Answer::Late,
        };
        assert_eq!(self.asked.answered(id), expected);
    }

    fn check(&self) {
        let waiting = self.model.iter().filter(|simple| simple.waits).count();
        let owed = self.model.iter().filter(|simple| simple.is_owed).count();
        assert_eq!((self.asked.waiting(), self.owed.pending()), (waiting, owed));
        for (id, simple) in (1..).zip(&self.model) {
            assert_eq!(self.asked.way(id), simple.waits.then_some(simple.way));
            let is_open = simple.is_owed && !simple.is_canceled;
            assert_eq!(self.owed.way(id), is_open.then_some(simple.way));
        }
    }
}

proptest! {
    #[test]
    fn both_ends_keep_to_a_model_that_remembers_everything(acts in acts()) {
        let mut pair = Pair {
            asked: Asked::default(),
            owed: Owed::new(PENDING_MAX),
            model: Vec::new(),
            there: VecDeque::new(),
            back: VecDeque::new(),
        };
        for act in acts {
            match act {
                Act::Ask(is_sync) => pair.ask(if is_sync { Way::Sync } else { Way::Async }),
                Act::Cancel(id) => pair.cancel(id),
                Act::Answer(id) => pair.answer(id),
                Act::Deliver => pair.deliver(),
                Act::Hear => pair.hear(),
            }
            pair.check();
        }
    }
}
