// SPDX-License-Identifier: MIT OR Apache-2.0
//! What servers and clients choose alike, written once.

/// The choices of options that have a `registry` and a `wait`, and somewhere a handle state.
macro_rules! common_choices {
    ($options:ty, handle: $($handle:ident).+) => {
        impl $options {
            /// Whether calls on this end wait. [`WaitMode::NoWait`] is there for programs that were written for it.
            #[must_use]
            pub fn wait_mode(mut self, mode: WaitMode) -> Self {
                self.$($handle).+.wait_mode = mode;
                self
            }

            /// Where names are, unless where this process's environment says.
            #[must_use]
            pub fn registry(mut self, registry: &Registry) -> Self {
                self.registry = Some(registry.clone());
                self
            }

            /// How calls wait for the other end.
            #[must_use]
            pub fn wait(mut self, wait: Wait) -> Self {
                self.wait = wait;
                self
            }

            /// Where names are.
            fn names(&self) -> Registry {
                self.registry.clone().unwrap_or_else(Registry::from_environment)
            }
        }

        impl Default for $options {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

pub(super) use common_choices;
