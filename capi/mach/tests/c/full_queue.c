// SPDX-License-Identifier: MIT OR Apache-2.0
// A full queue: section 1d of Mach's semantics.
#include "mach_test.h"
#include <pthread.h>

#define COPY MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0)

static mach_port_t full_port(void) {
    mach_port_t port = new_port();
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    for (int id = 0; id < 5; id++) DO(try_send(port, COPY, id));
    CHECK_EQ(try_send(port, COPY, 5), MACH_SEND_TIMED_OUT);
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -1)); // that of the message that came back
    return port;
}

static void *wait_while_it_dies(void *at) {
    mach_port_t port = *(mach_port_t *)at;
    small_message message = small(port, COPY, 100);
    mach_msg_return_t sent = mach_msg(&message.header, MACH_SEND_MSG, 28, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
    // It may have died before this thread asked.
    CHECK(sent == MACH_MSG_SUCCESS || sent == MACH_SEND_INVALID_DEST);
    return NULL;
}

static void *wait_for_room(void *at) {
    mach_port_t port = *(mach_port_t *)at;
    small_message message = small(port, COPY, 100);
    DO(mach_msg(&message.header, MACH_SEND_MSG, 28, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
    return NULL;
}

static void whoever_waits_gets_the_room_that_comes(void) {
    mach_port_t port = full_port();
    pthread_t sender;
    CHECK_EQ(pthread_create(&sender, NULL, wait_for_room, &port), 0);
    any_message came;
    // The sender may come before or after the first one leaves: its message is behind those that were there.
    for (int id = 0; id < 5; id++) {
        DO(try_receive(port, &came));
        CHECK_EQ(came.header.msgh_id, id);
    }
    receive(port, &came);
    CHECK_EQ(came.header.msgh_id, 100);
    CHECK_EQ(pthread_join(sender, NULL), 0);
    DO(mach_port_destroy(SELF, port));
}

static void a_timeout_passes(void) {
    mach_port_t port = full_port();
    small_message message = small(port, COPY, 9);
    CHECK_EQ(mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, 28, 0, 0, 20, 0), MACH_SEND_TIMED_OUT);
    CHECK_EQ(MACH_MSGH_BITS_REMOTE(message.header.msgh_bits), MACH_MSG_TYPE_MOVE_SEND);
    DO(mach_port_destroy(SELF, port));
}

static void send_possible(void) {
    mach_port_t port = full_port(), told_at = new_port(), before;
    DO(mach_port_request_notification(SELF, port, MACH_NOTIFY_SEND_POSSIBLE, 0, told_at, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                      &before));
    any_message came;
    DO(try_receive(port, &came)); // nobody has failed to send yet
    CHECK_EMPTY(told_at);
    DO(try_send(port, COPY, 5));
    small_message message = small(port, COPY, 6);
    CHECK_EQ(mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_SEND_NOTIFY, 28, 0, 0, 0, 0),
             MACH_SEND_TIMED_OUT);
    CHECK_EMPTY(told_at);
    DO(try_receive(port, &came));
    DO(try_receive(told_at, &came));
    CHECK_EQ(came.header.msgh_id, MACH_NOTIFY_SEND_POSSIBLE);
    CHECK_EQ(came.dead_name.not_port, port);
    DO(mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, 28, 0, 0, 0, 0)); // as it came back
    // At once, where there is room.
    DO(try_receive(port, &came));
    DO(mach_port_request_notification(SELF, port, MACH_NOTIFY_SEND_POSSIBLE, 1, told_at, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                      &before));
    DO(try_receive(told_at, &came));
    DO(mach_port_destroy(SELF, port));
    DO(mach_port_destroy(SELF, told_at));
}

static void send_once_finds_room_always(void) {
    mach_port_t port = full_port();
    for (int id = 50; id < 60; id++) DO(try_send(port, MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND_ONCE, 0), id));
    CHECK_EQ(status_of(port).mps_msgcount, 15);
    // More room lets in only what still is too much.
    mach_port_limits_t limits = {16};
    DO(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits, 1));
    DO(try_send(port, COPY, 60));
    CHECK_EQ(try_send(port, COPY, 61), MACH_SEND_TIMED_OUT);
    DO(mach_port_destroy(SELF, port));
}

static void *end_the_port(void *at) {
    DO(mach_port_mod_refs(SELF, *(mach_port_t *)at, MACH_PORT_RIGHT_RECEIVE, -1));
    return NULL;
}

static void a_port_that_dies_ends_the_wait_with_success(void) {
    mach_port_t port = full_port();
    pthread_t sender, ender;
    CHECK_EQ(pthread_create(&sender, NULL, wait_while_it_dies, &port), 0);
    CHECK_EQ(pthread_create(&ender, NULL, end_the_port, &port), 0);
    CHECK_EQ(pthread_join(ender, NULL), 0);
    CHECK_EQ(pthread_join(sender, NULL), 0);
}

int main(void) {
    whoever_waits_gets_the_room_that_comes();
    a_timeout_passes();
    send_possible();
    send_once_finds_room_always();
    a_port_that_dies_ends_the_wait_with_success();
    return 0;
}
