// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights that a child gets from its parent.

use cabotage_mach::{ReceiveRight, SendRight};

use crate::support::{GIVEN, Harbour, next, role, soon, until_unused};

#[test]
fn a_child_sends_by_the_right_that_its_parent_gave_it() {
    const TEST: &str = "inherited::a_child_sends_by_the_right_that_its_parent_gave_it";
    if role().is_some() {
        let parent = SendRight::inherited(GIVEN).unwrap();
        for number in 0..20 {
            parent.send_within(format!("message {number}"), soon()).unwrap();
        }
        return;
    }
    let port = ReceiveRight::new().unwrap();
    let end = port.make_send().unwrap().to_end().unwrap();
    let harbour = Harbour::new();
    let child = harbour.start(TEST, "child", Some(end));
    for number in 0..20 {
        let message = next(&port);
        assert_eq!(message.text().unwrap(), format!("message {number}"));
        assert_eq!(message.audit_token().unwrap().0[5], child.pid());
    }
    child.finish();
    assert_eq!(until_unused(&port, &ReceiveRight::new().unwrap()), 0);
}
