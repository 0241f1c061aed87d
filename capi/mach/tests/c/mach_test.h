// SPDX-License-Identifier: MIT OR Apache-2.0
// What the conformance programs of Mach share.
#ifndef MACH_TEST_H
#define MACH_TEST_H

#include <check.h>
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <mach/notify.h>
#include <servers/bootstrap.h>

#define SELF mach_task_self()
// A call that must succeed.
#define DO(call) CHECK_EQ(call, KERN_SUCCESS)

// A message without descriptors, with room for what comes behind it.
typedef struct {
    mach_msg_header_t header;
    int number;
    mach_msg_max_trailer_t trailer;
} small_message;

// Any message: enough room for all that these programs send.
typedef union {
    mach_msg_header_t header;
    mach_msg_base_t base;
    mach_port_destroyed_notification_t port_destroyed;
    mach_dead_name_notification_t dead_name;
    mach_no_senders_notification_t no_senders;
    char bytes[4096];
} any_message;

__attribute__((unused)) static mach_port_t new_port(void) {
    mach_port_t port = MACH_PORT_NULL;
    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &port));
    CHECK(MACH_PORT_VALID(port));
    return port;
}

__attribute__((unused)) static mach_port_urefs_t refs(mach_port_t name, mach_port_right_t right) {
    mach_port_urefs_t count = 0;
    DO(mach_port_get_refs(SELF, name, right, &count));
    return count;
}

__attribute__((unused)) static mach_port_type_t type_of(mach_port_t name) {
    mach_port_type_t type = 0;
    DO(mach_port_type(SELF, name, &type));
    return type;
}

__attribute__((unused)) static mach_port_status_t status_of(mach_port_t name) {
    mach_port_status_t status;
    mach_msg_type_number_t count = MACH_PORT_RECEIVE_STATUS_COUNT;
    DO(mach_port_get_attributes(SELF, name, MACH_PORT_RECEIVE_STATUS, (mach_port_info_t)&status, &count));
    CHECK_EQ(count, MACH_PORT_RECEIVE_STATUS_COUNT);
    return status;
}

__attribute__((unused)) static small_message small(mach_port_t to, mach_msg_bits_t bits, mach_msg_id_t id) {
    small_message message;
    memset(&message, 0, sizeof message);
    message.header.msgh_bits = bits;
    message.header.msgh_size = (mach_msg_size_t)offsetof(small_message, trailer);
    message.header.msgh_remote_port = to;
    message.header.msgh_id = id;
    return message;
}

// Sends a number by a right, with a timeout of 0.
__attribute__((unused)) static mach_msg_return_t try_send(mach_port_t to, mach_msg_bits_t bits, mach_msg_id_t id) {
    small_message message = small(to, bits, id);
    return mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, message.header.msgh_size, 0, MACH_PORT_NULL, 0,
                    MACH_PORT_NULL);
}

// Receives what is there.
__attribute__((unused)) static mach_msg_return_t try_receive(mach_port_t port, any_message *message) {
    memset(message, 0xee, sizeof *message);
    return mach_msg(&message->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *message, port, 0, MACH_PORT_NULL);
}

// Receives, and waits for it.
__attribute__((unused)) static void receive(mach_port_t port, any_message *message) {
    memset(message, 0xee, sizeof *message);
    DO(mach_msg(&message->header, MACH_RCV_MSG, 0, sizeof *message, port, 0, MACH_PORT_NULL));
}

// The port has nothing more to say.
#define CHECK_EMPTY(port)                                                 \
    do {                                                                  \
        any_message nothing_;                                             \
        CHECK_EQ(try_receive((port), &nothing_), MACH_RCV_TIMED_OUT);     \
    } while (0)

#endif
