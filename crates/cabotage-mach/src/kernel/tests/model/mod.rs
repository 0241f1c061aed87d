// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random calls of three tasks, answered by the kernel and by a second model that is as simple as can be: it keeps no
//! count and no list that it can find by looking everywhere, and turns dead rights into dead names at once.

mod calls;
mod compare;
mod death;
mod pair;
mod random;
mod state;

use pair::Pair;
use proptest::prelude::*;
use random::{Call, TASKS, any_call};
use state::Loose;

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn three_tasks_and_the_simple_model_agree_on_every_call(calls in prop::collection::vec(any_call(), 1..160)) {
        let mut pair = Pair::new();
        for call in calls {
            pair.call(call);
            pair.compare();
            let loose: Vec<Loose> = pair.loose.iter().map(|right| pair.of_loose(right)).collect();
            prop_assert_eq!(&loose, &pair.model.loose);
        }
        for task in 0..TASKS {
            pair.call(Call::Restart { task });
        }
        while !pair.loose.is_empty() {
            pair.call(Call::DestroyLoose { loose: 0 });
            pair.compare();
        }
        prop_assert_eq!(pair.kernel.ports.len(), 0);
        prop_assert_eq!(pair.kernel.sets.len(), 0);
    }
}
