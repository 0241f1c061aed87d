// SPDX-License-Identifier: MIT OR Apache-2.0
// mach_msg, receiving: section 1e of Mach's semantics.
#include "mach_test.h"
#include <bsm/libbsm.h>
#include <pthread.h>

#define MAKE MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0)

static mach_msg_return_t receive_with(mach_port_t port, mach_msg_option_t option, any_message *message,
                                      mach_msg_size_t room) {
    memset(message, 0xee, sizeof *message);
    return mach_msg(&message->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT | option, 0, room, port, 0, MACH_PORT_NULL);
}

static void large(mach_port_t port) {
    any_message came;
    DO(try_send(port, MAKE, 1));
    CHECK_EQ(receive_with(port, MACH_RCV_LARGE | MACH_RCV_LARGE_IDENTITY, &came, 28), MACH_RCV_TOO_LARGE);
    CHECK(came.header.msgh_size == 28 && came.header.msgh_local_port == port);
    CHECK_EQ(came.header.msgh_id, (int)0xeeeeeeee);
    CHECK_EQ(receive_with(port, MACH_RCV_LARGE, &came, 0), MACH_RCV_TOO_LARGE);
    CHECK_EQ(receive_with(port, MACH_RCV_LARGE, &came, 35), MACH_RCV_TOO_LARGE); // the trailer counts
    DO(receive_with(port, MACH_RCV_LARGE, &came, 36));
    CHECK_EQ(came.header.msgh_id, 1);

    // Without the option the message goes, and all that is told is its header.
    DO(try_send(port, MAKE, 2));
    CHECK_EQ(receive_with(port, 0, &came, 35), MACH_RCV_TOO_LARGE);
    CHECK(came.header.msgh_id == 2 && came.header.msgh_size == sizeof(mach_msg_header_t));
    CHECK_EMPTY(port);
    CHECK_EQ(mach_msg(NULL, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, 100, port, 0, 0), MACH_RCV_INVALID_DATA);
}

static void trailers(mach_port_t port) {
    static const struct {
        int elements;
        mach_msg_size_t size;
    } formats[] = {{MACH_RCV_TRAILER_NULL, 8},   {MACH_RCV_TRAILER_SEQNO, 12}, {MACH_RCV_TRAILER_SENDER, 20},
                   {MACH_RCV_TRAILER_AUDIT, 52}, {MACH_RCV_TRAILER_CTX, 60},   {MACH_RCV_TRAILER_AV, 68}};
    DO(mach_port_set_context(SELF, port, 0x1122334455667788));
    DO(mach_port_set_seqno(SELF, port, 40));
    for (unsigned at = 0; at < sizeof formats / sizeof *formats; at++) {
        any_message came;
        DO(try_send(port, MAKE, 3));
        DO(receive_with(port, MACH_RCV_TRAILER_ELEMENTS(formats[at].elements), &came, sizeof came));
        mach_msg_max_trailer_t trailer;
        memcpy(&trailer, came.bytes + came.header.msgh_size, sizeof trailer);
        CHECK_EQ(trailer.msgh_trailer_type, MACH_MSG_TRAILER_FORMAT_0);
        CHECK_EQ(trailer.msgh_trailer_size, formats[at].size);
        CHECK_EQ((unsigned char)came.bytes[came.header.msgh_size + formats[at].size], 0xee);
        if (formats[at].size >= 12) CHECK_EQ(trailer.msgh_seqno, 40 + at);
        if (formats[at].size >= 20) CHECK(trailer.msgh_sender.val[0] == geteuid());
        if (formats[at].size >= 52) {
            CHECK_EQ(audit_token_to_pid(trailer.msgh_audit), getpid());
            CHECK(audit_token_to_euid(trailer.msgh_audit) == geteuid() && audit_token_to_egid(trailer.msgh_audit) == getegid());
            CHECK(audit_token_to_ruid(trailer.msgh_audit) == getuid() && audit_token_to_rgid(trailer.msgh_audit) == getgid());
            CHECK_EQ(audit_token_to_auid(trailer.msgh_audit), AU_DEFAUDITID);
            uid_t user = 0;
            pid_t pid = 0;
            audit_token_to_au32(trailer.msgh_audit, NULL, &user, NULL, NULL, NULL, &pid, NULL, NULL);
            CHECK(user == geteuid() && pid == getpid());
            CHECK(audit_token_to_pidversion(trailer.msgh_audit) != 0);
        }
        if (formats[at].size >= 60) CHECK(trailer.msgh_context == 0x1122334455667788);
    }
    any_message came;
    CHECK_EQ(receive_with(port, MACH_RCV_TRAILER_TYPE(1), &came, sizeof came), MACH_RCV_INVALID_TRAILER);
}

static void sets(void) {
    mach_port_t set, first = new_port(), second = new_port();
    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    DO(mach_port_insert_member(SELF, first, set));
    for (int id = 0; id < 3; id++) {
        DO(try_send(first, MAKE, id));
        DO(try_send(second, MAKE, 10 + id));
    }
    DO(mach_port_insert_member(SELF, second, set)); // what is queued can be received at once
    any_message came;
    static const int turns[] = {0, 10, 1, 11, 2, 12};
    for (int at = 0; at < 6; at++) {
        DO(try_receive(set, &came));
        CHECK_EQ(came.header.msgh_id, turns[at]);
        CHECK_EQ(came.header.msgh_local_port, turns[at] < 10 ? first : second);
    }
    CHECK_EMPTY(set);
    DO(try_send(second, MAKE, 5)); // a member is received from by itself, too
    DO(try_receive(second, &came));
    DO(mach_port_destroy(SELF, set));
    DO(mach_port_destroy(SELF, first));
    DO(mach_port_destroy(SELF, second));
}

static void *answer_one(void *at) {
    mach_port_t port = *(mach_port_t *)at;
    any_message came;
    receive(port, &came);
    CHECK_EQ(MACH_MSGH_BITS_REMOTE(came.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND_ONCE);
    DO(try_send(came.header.msgh_remote_port, MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0), came.header.msgh_id + 100));
    return NULL;
}

static void both_in_one_call(mach_port_t port) {
    pthread_t server;
    CHECK_EQ(pthread_create(&server, NULL, answer_one, &port), 0);
    mach_port_t reply = new_port();
    any_message message;
    *(small_message *)(void *)&message = small(port, MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE), 7);
    message.header.msgh_local_port = reply;
    DO(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, 28, sizeof message, reply, 0, MACH_PORT_NULL));
    CHECK(message.header.msgh_id == 107 && message.header.msgh_local_port == reply);
    CHECK_EQ(pthread_join(server, NULL), 0);
    // What could not be sent is not waited for.
    *(small_message *)(void *)&message = small(0x70007, MAKE, 7);
    CHECK_EQ(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, 28, sizeof message, reply, 0, 0),
             MACH_SEND_INVALID_DEST);
    // Into another buffer.
    any_message other;
    *(small_message *)(void *)&message = small(reply, MAKE, 8);
    DO(mach_msg_overwrite(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, 28, sizeof other, reply, 0, 0, &other.header,
                          sizeof other));
    CHECK(other.header.msgh_id == 8 && message.header.msgh_remote_port == reply);
    // By the header's own fields.
    message.header.msgh_size = 28;
    DO(mach_msg_send(&message.header));
    other.header.msgh_size = sizeof other;
    other.header.msgh_local_port = reply;
    DO(mach_msg_receive(&other.header));
    CHECK_EQ(other.header.msgh_id, 8);
    DO(mach_port_destroy(SELF, reply));
}

static void *end_the_port(void *at) {
    DO(mach_port_destroy(SELF, *(mach_port_t *)at));
    return NULL;
}

static void a_port_that_dies_under_its_receiver(void) {
    mach_port_t port = new_port();
    pthread_t ender;
    CHECK_EQ(pthread_create(&ender, NULL, end_the_port, &port), 0);
    any_message came;
    mach_msg_return_t result = mach_msg(&came.header, MACH_RCV_MSG, 0, sizeof came, port, 0, 0);
    // It may have died before this thread began to wait.
    CHECK(result == MACH_RCV_PORT_CHANGED || result == MACH_RCV_PORT_DIED || result == MACH_RCV_INVALID_NAME);
    CHECK_EQ(pthread_join(ender, NULL), 0);
}

int main(void) {
    mach_port_t port = new_port();
    any_message came;
    CHECK_EQ(try_receive(0x70007, &came), MACH_RCV_INVALID_NAME);
    CHECK_EQ(try_receive(MACH_PORT_NULL, &came), MACH_RCV_INVALID_NAME);
    large(port);
    trailers(port);
    sets();
    both_in_one_call(port);
    a_port_that_dies_under_its_receiver();
    return 0;
}
