// SPDX-License-Identifier: MIT OR Apache-2.0
//! What may be chosen about a name, for the options of crates above that have a name among other things: each choice is
//! written and explained once.

/// Gives options with the fields `publish` ([`PublishOptions`](crate::names::PublishOptions)), `registry` and `quota`
/// (both optional) the choices of whoever publishes a name.
#[macro_export]
macro_rules! publish_choices {
    ($options:ty) => {
        impl $options {
            /// Who finds the name: this user, unless told otherwise.
            #[must_use]
            pub fn scope(mut self, scope: $crate::names::Scope) -> Self {
                self.publish = self.publish.scope(scope);
                self
            }

            /// Who may connect: the permission bits of the name, 0600 unless told otherwise. Write permission is what a
            /// client needs.
            #[must_use]
            pub fn mode(mut self, bits: u32) -> Self {
                self.publish = self.publish.mode(bits);
                self
            }

            /// The group that the middle digit of the mode is about.
            #[must_use]
            pub fn group(mut self, gid: u32) -> Self {
                self.publish = self.publish.group(gid);
                self
            }

            /// What clients take of this process is charged here, and whoever takes too much is refused.
            #[must_use]
            pub fn quota(mut self, quota: &$crate::quota::Quota) -> Self {
                self.quota = Some(quota.clone());
                self
            }
        }
        $crate::registry_choice!($options);
    };
}

/// Gives options with the fields `find` ([`ConnectOptions`](crate::names::ConnectOptions)) and `registry` (optional) the
/// choices of whoever looks a name up.
#[macro_export]
macro_rules! find_choices {
    ($options:ty) => {
        impl $options {
            /// Looks in this scope alone; in both, the user's first, unless told otherwise.
            #[must_use]
            pub fn scope(mut self, scope: $crate::names::Scope) -> Self {
                self.find = self.find.scope(scope);
                self
            }

            /// Takes a server of this user only, in the kernel's word; to another nothing is sent. In the system scope
            /// every user may publish names.
            #[must_use]
            pub fn required_uid(mut self, uid: u32) -> Self {
                self.find = self.find.required_uid(uid);
                self
            }
        }
        $crate::registry_choice!($options);
    };
}

/// Gives options with the optional field `registry` the choice of it.
#[doc(hidden)]
#[macro_export]
macro_rules! registry_choice {
    ($options:ty) => {
        impl $options {
            /// Where names are, if not where the environment says.
            #[must_use]
            pub fn registry(mut self, registry: &$crate::names::Registry) -> Self {
                self.registry = Some(registry.clone());
                self
            }

            /// Where names are.
            fn names_at(&self) -> $crate::names::Registry {
                self.registry.clone().unwrap_or_else($crate::names::Registry::from_environment)
            }
        }
    };
}
