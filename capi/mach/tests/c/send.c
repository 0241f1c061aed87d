// SPDX-License-Identifier: MIT OR Apache-2.0
// mach_msg, sending: section 1c of Mach's semantics.
#include "mach_test.h"

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t ports[3];
    int number;
} three_ports;

static mach_msg_return_t send_it(mach_msg_header_t *message, mach_msg_size_t size) {
    return mach_msg(message, MACH_SEND_MSG | MACH_SEND_TIMEOUT, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static three_ports complex_to(mach_port_t to, mach_msg_size_t count) {
    three_ports message;
    memset(&message, 0, sizeof message);
    message.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, 0, MACH_MSGH_BITS_COMPLEX);
    message.header.msgh_remote_port = to;
    message.header.msgh_id = 3;
    message.body.msgh_descriptor_count = count;
    return message;
}

static void carry(three_ports *message, int at, mach_port_t name, mach_msg_type_name_t how) {
    message->ports[at].name = name;
    message->ports[at].disposition = how;
    message->ports[at].type = MACH_MSG_PORT_DESCRIPTOR;
}

static void sizes(mach_port_t port) {
    small_message message = small(port, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 1);
    CHECK_EQ(send_it(&message.header, 20), MACH_SEND_MSG_TOO_SMALL);
    CHECK_EQ(send_it(&message.header, 26), MACH_SEND_MSG_TOO_SMALL);
    CHECK_EQ(send_it(NULL, 28), MACH_SEND_MSG_TOO_SMALL);
    message.header.msgh_size = 4; // what the header says does not count
    DO(send_it(&message.header, 28));
    any_message came;
    DO(try_receive(port, &came));
    CHECK_EQ(came.header.msgh_size, 28);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(came.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND);
    CHECK(came.header.msgh_local_port == port && came.header.msgh_remote_port == MACH_PORT_NULL);
}

static void headers(mach_port_t port) {
    small_message message = small(port, MACH_MSGH_BITS(5, 0), 1);
    CHECK_EQ(send_it(&message.header, 28), MACH_SEND_INVALID_HEADER);
    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_RECEIVE, 0);
    CHECK_EQ(send_it(&message.header, 28), MACH_SEND_INVALID_HEADER);
    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | 0x40;
    CHECK_EQ(send_it(&message.header, 28), MACH_SEND_INVALID_HEADER);
    message = small(port, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 1);
    message.header.msgh_local_port = port; // a name without a disposition
    CHECK_EQ(send_it(&message.header, 28), MACH_SEND_INVALID_HEADER);
    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MOVE_SEND_ONCE);
    CHECK_EQ(send_it(&message.header, 28), MACH_SEND_INVALID_REPLY);
    message.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, MACH_MSG_TYPE_MOVE_SEND, 0);
    message.header.msgh_local_port = MACH_PORT_NULL;
    message.header.msgh_voucher_port = port;
    CHECK_EQ(send_it(&message.header, 28), MACH_SEND_INVALID_VOUCHER);
    CHECK_EQ(try_send(0x70007, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 1), MACH_SEND_INVALID_DEST);
    CHECK_EQ(try_send(MACH_PORT_NULL, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 1), MACH_SEND_INVALID_DEST);
    CHECK_EQ(try_send(MACH_PORT_DEAD, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 1), MACH_SEND_INVALID_DEST);
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 1); // nothing was taken

    // One name for both: moved twice it needs two references.
    message = small(port, MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_MOVE_SEND), 1);
    message.header.msgh_local_port = port;
    CHECK_EQ(send_it(&message.header, 28), MACH_SEND_INVALID_DEST);
    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_COPY_SEND);
    DO(send_it(&message.header, 28));
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 0);
    any_message came;
    DO(try_receive(port, &came));
    CHECK_EQ(came.header.msgh_remote_port, port);
    CHECK_EQ(MACH_MSGH_BITS_REMOTE(came.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND);
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 1);
    CHECK_EQ(mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TRAILER, 28, 0, 0, 0, 0), MACH_SEND_INVALID_TRAILER);
}

static void bodies(mach_port_t port) {
    // What is wrong costs the header's rights and what came before; its notifications fire.
    mach_port_t first = new_port(), told_at = new_port(), before;
    DO(mach_port_insert_right(SELF, first, first, MACH_MSG_TYPE_MAKE_SEND));
    DO(mach_port_request_notification(SELF, first, MACH_NOTIFY_NO_SENDERS, 0, told_at, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                      &before));
    three_ports message = complex_to(port, 2);
    carry(&message, 0, first, MACH_MSG_TYPE_MOVE_SEND);
    carry(&message, 1, 0x70007, MACH_MSG_TYPE_COPY_SEND);
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_INVALID_RIGHT);
    any_message came;
    DO(try_receive(told_at, &came));
    CHECK_EQ(came.header.msgh_id, MACH_NOTIFY_NO_SENDERS);

    DO(mach_port_insert_right(SELF, first, first, MACH_MSG_TYPE_MAKE_SEND));
    carry(&message, 1, first, 99);
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_INVALID_TYPE);
    CHECK_EQ(refs(first, MACH_PORT_RIGHT_SEND), 0);
    message = complex_to(port, 1);
    message.ports[0].type = 77;
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_INVALID_TYPE);
    message = complex_to(port, 4000);
    for (int at = 0; at < 3; at++) carry(&message, at, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND);
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_MSG_TOO_SMALL);
    CHECK_EQ(send_it(&message.header, 24), MACH_SEND_MSG_TOO_SMALL);
    message = complex_to(0x70007, 1); // the header is looked at first
    message.ports[0].type = 77;
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_INVALID_DEST);
    CHECK_EMPTY(port);

    // Null and dead names may always be carried; a complex message may carry nothing.
    message = complex_to(port, 3);
    carry(&message, 0, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND);
    carry(&message, 1, MACH_PORT_DEAD, MACH_MSG_TYPE_MOVE_SEND);
    carry(&message, 2, first, MACH_MSG_TYPE_MOVE_RECEIVE);
    message.number = 1234;
    DO(send_it(&message.header, sizeof message));
    DO(try_receive(port, &came));
    const three_ports *got = (const three_ports *)(const void *)&came;
    CHECK_EQ(got->header.msgh_size, sizeof message);
    CHECK(MACH_MSGH_BITS_IS_COMPLEX(got->header.msgh_bits) && got->body.msgh_descriptor_count == 3);
    CHECK(got->ports[0].name == MACH_PORT_NULL && got->ports[1].name == MACH_PORT_DEAD);
    CHECK_EQ(got->ports[2].disposition, MACH_MSG_TYPE_PORT_RECEIVE);
    CHECK_EQ(got->number, 1234);
    CHECK_EQ(type_of(got->ports[2].name), MACH_PORT_TYPE_RECEIVE);
    mach_msg_destroy(&came.header);
    message = complex_to(port, 0);
    DO(send_it(&message.header, sizeof(mach_msg_base_t)));
    DO(try_receive(port, &came));
    CHECK(MACH_MSGH_BITS_IS_COMPLEX(came.header.msgh_bits) && came.header.msgh_size == sizeof(mach_msg_base_t));
    DO(mach_port_destroy(SELF, told_at));
}

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_guarded_port_descriptor_t port;
} one_guarded;

static void guarded(mach_port_t port) {
    mach_port_t inner = new_port();
    one_guarded message;
    memset(&message, 0, sizeof message);
    message.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, 0, MACH_MSGH_BITS_COMPLEX);
    message.header.msgh_remote_port = port;
    message.body.msgh_descriptor_count = 1;
    message.port.name = inner;
    message.port.context = 5;
    message.port.type = MACH_MSG_GUARDED_PORT_DESCRIPTOR;
    message.port.disposition = MACH_MSG_TYPE_MAKE_SEND;
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_INVALID_TYPE);
    message.port.disposition = MACH_MSG_TYPE_MOVE_RECEIVE;
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_INVALID_RIGHT); // it has no guard
    DO(mach_port_guard(SELF, inner, 5, TRUE));
    DO(send_it(&message.header, sizeof message));
    any_message came;
    CHECK_EQ(mach_msg(&came.header, MACH_RCV_MSG | MACH_RCV_LARGE, 0, sizeof message + 4, port, 0, 0),
             MACH_RCV_TOO_LARGE);
    CHECK_EQ(came.header.msgh_size, sizeof message);
    DO(try_receive(port, &came));
    const one_guarded *got = (const one_guarded *)(const void *)&came;
    CHECK(got->port.type == MACH_MSG_GUARDED_PORT_DESCRIPTOR && got->port.context == 5);
    CHECK_EQ(mach_port_destroy(SELF, got->port.name), KERN_INVALID_RIGHT);
    message.port.name = got->port.name;
    message.port.flags = MACH_MSG_GUARD_FLAGS_IMMOVABLE_RECEIVE;
    DO(send_it(&message.header, sizeof message));
    DO(try_receive(port, &came));
    CHECK_EQ(got->port.flags, MACH_MSG_GUARD_FLAGS_IMMOVABLE_RECEIVE);
    message.port.name = got->port.name;
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_INVALID_RIGHT);
    DO(mach_port_destruct(SELF, got->port.name, 0, 5));
}

static void circles(void) {
    mach_port_t port = new_port();
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    three_ports message = complex_to(port, 1);
    carry(&message, 0, port, MACH_MSG_TYPE_MOVE_RECEIVE);
    DO(send_it(&message.header, sizeof message)); // it is sent, and destroyed with the port
    CHECK_EQ(type_of(port), MACH_PORT_TYPE_DEAD_NAME);
    DO(mach_port_deallocate(SELF, port));
}

// A message for which there is no room comes back as if it had been received, but that its header is not turned round.
static void pseudo_receive(void) {
    mach_port_t port = new_port(), carried = new_port(), reply = new_port();
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    mach_port_limits_t none = {0};
    DO(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&none, 1));
    three_ports message = complex_to(port, 3);
    message.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE, 0,
                                                  MACH_MSGH_BITS_COMPLEX);
    message.header.msgh_local_port = reply;
    carry(&message, 0, carried, MACH_MSG_TYPE_MAKE_SEND);
    carry(&message, 1, carried, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    carry(&message, 2, carried, MACH_MSG_TYPE_MOVE_RECEIVE);
    message.number = 99;
    CHECK_EQ(send_it(&message.header, sizeof message), MACH_SEND_TIMED_OUT);
    CHECK_EQ(message.header.msgh_bits, MACH_MSGH_BITS_SET(MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_MOVE_SEND_ONCE, 0,
                                                          MACH_MSGH_BITS_COMPLEX));
    CHECK_EQ(message.header.msgh_remote_port, port);
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 2);
    CHECK_EQ(type_of(message.header.msgh_local_port), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQ(message.ports[0].disposition, MACH_MSG_TYPE_MOVE_SEND);
    CHECK_EQ(message.ports[1].disposition, MACH_MSG_TYPE_MOVE_SEND_ONCE);
    CHECK_EQ(message.ports[2].disposition, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_EQ(type_of(message.ports[1].name), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQ(type_of(message.ports[2].name), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK_EQ(message.number, 99);
    // So it can be sent again as it is.
    none.mpl_qlimit = 1;
    DO(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&none, 1));
    DO(send_it(&message.header, sizeof message));
    any_message came;
    DO(try_receive(port, &came));
    DO(mach_port_deallocate(SELF, came.header.msgh_remote_port));
    came.header.msgh_remote_port = MACH_PORT_NULL;
    any_message unanswered;
    DO(try_receive(reply, &unanswered));
    CHECK_EQ(unanswered.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    mach_msg_destroy(&came.header);
    DO(mach_port_destroy(SELF, port));
    DO(mach_port_destroy(SELF, reply));
}

int main(void) {
    mach_port_t port = new_port();
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    sizes(port);
    headers(port);
    bodies(port);
    guarded(port);
    circles();
    pseudo_receive();
    CHECK_EMPTY(port);
    return 0;
}
