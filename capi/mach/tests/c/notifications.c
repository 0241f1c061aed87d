// SPDX-License-Identifier: MIT OR Apache-2.0
// Notifications: section 1b of Mach's semantics.
#include "mach_test.h"

#define ONCE MACH_MSG_TYPE_MAKE_SEND_ONCE

static mach_port_t ask(mach_port_t name, mach_msg_id_t id, mach_port_mscount_t sync, mach_port_t notify) {
    mach_port_t before = 0xabcdef;
    DO(mach_port_request_notification(SELF, name, id, sync, notify, ONCE, &before));
    return before;
}

// The next message is the system's, with this number.
static any_message told(mach_port_t port, mach_msg_id_t id) {
    any_message message;
    memset(&message, 0, sizeof message);
    DO(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT | MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT), 0,
                sizeof message, port, 0, MACH_PORT_NULL));
    CHECK_EQ(message.header.msgh_id, id);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(message.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND_ONCE);
    const mach_msg_audit_trailer_t *trailer =
        (const mach_msg_audit_trailer_t *)(const void *)(message.bytes + message.header.msgh_size);
    CHECK(trailer->msgh_sender.val[0] == 0 && trailer->msgh_sender.val[1] == 1);
    for (int at = 0; at < 8; at++) CHECK_EQ(trailer->msgh_audit.val[at], 0);
    return message;
}

static void no_senders(mach_port_t told_at) {
    mach_port_t port = new_port();
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    CHECK_EQ(ask(port, MACH_NOTIFY_NO_SENDERS, 0, told_at), MACH_PORT_NULL);
    CHECK_EQ(status_of(port).mps_nsrequest, TRUE);
    mach_port_t before = ask(port, MACH_NOTIFY_NO_SENDERS, 0, told_at);
    CHECK_EQ(type_of(before), MACH_PORT_TYPE_SEND_ONCE);
    DO(mach_port_deallocate(SELF, before));
    told(told_at, MACH_NOTIFY_SEND_ONCE); // the right that came back was not used
    DO(mach_port_deallocate(SELF, port));
    any_message message = told(told_at, MACH_NOTIFY_NO_SENDERS);
    CHECK_EQ(message.header.msgh_size, sizeof(mach_no_senders_notification_t) - sizeof(mach_msg_format_0_trailer_t));
    CHECK_EQ(message.no_senders.not_count, 1);
    CHECK_EQ(message.no_senders.NDR.int_rep, NDR_record.int_rep);

    // At once, if there are none and so many were made; later, if more have to be made first.
    CHECK_EQ(ask(port, MACH_NOTIFY_NO_SENDERS, 1, told_at), MACH_PORT_NULL);
    told(told_at, MACH_NOTIFY_NO_SENDERS);
    CHECK_EQ(ask(port, MACH_NOTIFY_NO_SENDERS, 2, told_at), MACH_PORT_NULL);
    CHECK_EMPTY(told_at);
    // The port dies while somebody waits for that: the right was not used.
    DO(mach_port_destroy(SELF, port));
    told(told_at, MACH_NOTIFY_SEND_ONCE);
}

static void dead_name(mach_port_t told_at) {
    mach_port_t port = new_port(), right = MACH_PORT_NULL;
    mach_msg_type_name_t kind;
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    CHECK_EQ(ask(port, MACH_NOTIFY_DEAD_NAME, 0, told_at), MACH_PORT_NULL);
    CHECK(type_of(port) & MACH_PORT_TYPE_DNREQUEST);
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    any_message message = told(told_at, MACH_NOTIFY_DEAD_NAME);
    CHECK_EQ(message.dead_name.not_port, port);
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_DEAD_NAME), 2); // one more, for the notification
    mach_port_t before;
    CHECK_EQ(mach_port_request_notification(SELF, port, MACH_NOTIFY_DEAD_NAME, 1, told_at, ONCE, &before),
             KERN_INVALID_ARGUMENT);
    CHECK_EQ(message.header.msgh_size, 36);
    told(told_at, MACH_NOTIFY_SEND_ONCE); // the right of the call that failed
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_DEAD_NAME, -2));

    // A name that is freed tells who asked.
    port = new_port();
    DO(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &right, &kind));
    CHECK_EQ(ask(right, MACH_NOTIFY_DEAD_NAME, 0, told_at), MACH_PORT_NULL);
    DO(mach_port_deallocate(SELF, right));
    CHECK_EQ(told(told_at, MACH_NOTIFY_PORT_DELETED).dead_name.not_port, right);
    told(port, MACH_NOTIFY_SEND_ONCE);
    DO(mach_port_destroy(SELF, port));
}

static void port_destroyed(mach_port_t told_at) {
    mach_port_t port = new_port(), before;
    CHECK_EQ(mach_port_request_notification(SELF, port, MACH_NOTIFY_PORT_DESTROYED, 1, told_at, ONCE, &before),
             KERN_INVALID_VALUE);
    told(told_at, MACH_NOTIFY_SEND_ONCE);
    CHECK_EQ(ask(port, MACH_NOTIFY_PORT_DESTROYED, 0, told_at), MACH_PORT_NULL);
    CHECK_EQ(mach_port_request_notification(SELF, port, MACH_NOTIFY_PORT_DESTROYED, 0, told_at, ONCE, &before),
             KERN_FAILURE);
    told(told_at, MACH_NOTIFY_SEND_ONCE);
    // Queue and send rights survive what would have been its end.
    DO(try_send(port, MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0), 5));
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    any_message message = told(told_at, MACH_NOTIFY_PORT_DESTROYED);
    CHECK(MACH_MSGH_BITS_IS_COMPLEX(message.header.msgh_bits));
    CHECK_EQ(message.port_destroyed.not_body.msgh_descriptor_count, 1);
    CHECK_EQ(message.port_destroyed.not_port.disposition, MACH_MSG_TYPE_PORT_RECEIVE);
    CHECK_EQ(message.port_destroyed.not_port.name, port); // where its send rights are
    CHECK_EQ(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE);
    DO(try_receive(port, &message));
    CHECK_EQ(message.header.msgh_id, 5);
    DO(mach_port_destroy(SELF, port));
}

static void what_is_asked_wrongly(mach_port_t told_at) {
    mach_port_t port = new_port(), before;
    CHECK_EQ(mach_port_request_notification(SELF, port, 99, 0, told_at, ONCE, &before), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_request_notification(SELF, port, MACH_NOTIFY_NO_SENDERS, 0, MACH_PORT_DEAD, ONCE, &before),
             KERN_INVALID_CAPABILITY);
    CHECK_EQ(mach_port_request_notification(SELF, 0x70007, MACH_NOTIFY_DEAD_NAME, 0, MACH_PORT_NULL, ONCE, &before),
             KERN_INVALID_NAME);
    // A message that only looks like the system's says in its trailer whose it is.
    DO(try_send(told_at, MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0), MACH_NOTIFY_DEAD_NAME));
    any_message message;
    DO(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT), 0, sizeof message,
                told_at, 0, MACH_PORT_NULL));
    const mach_msg_audit_trailer_t *trailer =
        (const mach_msg_audit_trailer_t *)(const void *)(message.bytes + message.header.msgh_size);
    CHECK_EQ(trailer->msgh_audit.val[5], getpid());
    DO(mach_port_destroy(SELF, port));
}

int main(void) {
    mach_port_t told_at = new_port();
    no_senders(told_at);
    dead_name(told_at);
    port_destroyed(told_at);
    what_is_asked_wrongly(told_at);
    CHECK_EMPTY(told_at);
    return 0;
}
