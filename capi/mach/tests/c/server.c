// SPDX-License-Identifier: MIT OR Apache-2.0
// The bootstrap_ calls at a server of names: section 1h of Mach's semantics. The test starts one, and gives this program a
// bootstrap port ("given"), or lets it find the server by its name ("found").
#include "mach_test.h"

static void given(void) {
    mach_port_t port = new_port(), right = MACH_PORT_NULL, other = MACH_PORT_NULL;
    CHECK_EQ(bootstrap_look_up(bootstrap_port, "org.example.log", &right), BOOTSTRAP_UNKNOWN_SERVICE);
    CHECK_EQ(bootstrap_check_in(bootstrap_port, "org.example.log", &right), BOOTSTRAP_UNKNOWN_SERVICE);
    DO(bootstrap_register(bootstrap_port, "org.example.log", port));
    CHECK_EQ(bootstrap_register(bootstrap_port, "org.example.log", new_port()), BOOTSTRAP_NAME_IN_USE);
    DO(bootstrap_look_up(bootstrap_port, "org.example.log", &right));
    DO(try_send(right, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 4));
    any_message came;
    receive(port, &came);
    CHECK_EQ(came.header.msgh_id, 4);
    bootstrap_status_t status = 99;
    DO(bootstrap_status(bootstrap_port, "org.example.log", &status));
    CHECK_EQ(status, BOOTSTRAP_STATUS_ACTIVE);

    // Names below others: what is not there is looked for above, and not the other way.
    mach_port_t requestor = new_port(), below = MACH_PORT_NULL, above = MACH_PORT_NULL;
    DO(mach_port_insert_right(SELF, requestor, requestor, MACH_MSG_TYPE_MAKE_SEND));
    DO(bootstrap_subset(bootstrap_port, requestor, &below));
    DO(bootstrap_look_up(below, "org.example.log", &other));
    DO(bootstrap_register(below, "org.example.inner", port));
    DO(bootstrap_look_up(below, "org.example.inner", &other));
    CHECK_EQ(bootstrap_look_up(bootstrap_port, "org.example.inner", &other), BOOTSTRAP_UNKNOWN_SERVICE);
    DO(bootstrap_parent(below, &above));
    CHECK_EQ(above, bootstrap_port);
    DO(mach_port_destroy(SELF, requestor)); // and the names below go
    while (bootstrap_look_up(below, "org.example.inner", &other) == KERN_SUCCESS) {
    }

    // A service that another process of this job checks in, and gets with what was sent before.
    DO(bootstrap_create_service(bootstrap_port, "org.example.later", &right));
    DO(try_send(right, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 5));
    DO(bootstrap_status(bootstrap_port, "org.example.later", &status));
    CHECK_EQ(status, BOOTSTRAP_STATUS_INACTIVE);
    DO(bootstrap_check_in(bootstrap_port, "org.example.later", &other));
    receive(other, &came);
    CHECK_EQ(came.header.msgh_id, 5);
    CHECK_EQ(bootstrap_check_in(bootstrap_port, "org.example.later", &other), BOOTSTRAP_SERVICE_ACTIVE);
    DO(bootstrap_register2(bootstrap_port, "org.example.log", MACH_PORT_NULL, 0));
    CHECK_EQ(bootstrap_look_up(bootstrap_port, "org.example.log", &other), BOOTSTRAP_UNKNOWN_SERVICE);
}

static void found(void) {
    // The directory first; what it does not have, the server may.
    mach_port_t own = MACH_PORT_NULL, right = MACH_PORT_NULL, theirs = MACH_PORT_NULL, below = MACH_PORT_NULL;
    DO(bootstrap_check_in(bootstrap_port, "org.example.own", &own));
    DO(bootstrap_look_up(bootstrap_port, "org.example.at.server", &right));
    DO(try_send(right, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 6));
    bootstrap_status_t status = 99;
    DO(bootstrap_status(bootstrap_port, "org.example.at.server", &status));
    CHECK_EQ(status, BOOTSTRAP_STATUS_ACTIVE);
    // A name for somebody else's port.
    DO(bootstrap_register(bootstrap_port, "org.example.another.name", right));
    DO(bootstrap_look_up(bootstrap_port, "org.example.another.name", &theirs));
    DO(bootstrap_register2(bootstrap_port, "org.example.another.name", MACH_PORT_NULL, 0));
    CHECK_EQ(bootstrap_look_up(bootstrap_port, "org.example.another.name", &theirs), BOOTSTRAP_UNKNOWN_SERVICE);
    DO(mach_port_insert_right(SELF, own, own, MACH_MSG_TYPE_MAKE_SEND));
    DO(bootstrap_subset(bootstrap_port, own, &below));
    DO(bootstrap_look_up(below, "org.example.at.server", &theirs));
}

int main(int count, char **arguments) {
    CHECK_EQ(count, 2);
    if (strcmp(arguments[1], "given") == 0) {
        given();
    } else {
        found();
    }
    return 0;
}
