// SPDX-License-Identifier: MIT OR Apache-2.0
// Load: threads of one service answer many threads of several clients; a client is killed in the middle of it, and the
// service is told. Memory and rights come back to where they were.
#include "mach_test.h"
#include <pthread.h>

enum { CLIENTS = 3, THREADS = 3, TRIPS = 300, SERVERS = 2 };

static mach_port_t service;

static void *ask(void *endless) {
    mach_port_t to = MACH_PORT_NULL, reply = mach_reply_port();
    DO(bootstrap_look_up(bootstrap_port, "org.example.load", &to));
    char memory[3000];
    for (int id = 1; endless || id <= TRIPS; id++) {
        struct {
            mach_msg_header_t header;
            mach_msg_body_t body;
            mach_msg_ool_descriptor_t memory;
            int id;
            mach_msg_trailer_t trailer;
        } message;
        memset(&message, 0, sizeof message);
        memset(memory, id, sizeof memory);
        message.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE, 0,
                                                      MACH_MSGH_BITS_COMPLEX);
        message.header.msgh_remote_port = to;
        message.header.msgh_local_port = reply;
        message.header.msgh_id = 1 + id % 1000;
        message.body.msgh_descriptor_count = 1;
        message.memory.address = memory;
        message.memory.size = sizeof memory;
        message.memory.copy = MACH_MSG_PHYSICAL_COPY;
        message.memory.type = MACH_MSG_OOL_DESCRIPTOR;
        message.id = id;
        DO(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, offsetof(__typeof__(message), trailer), sizeof message,
                    reply, 0, MACH_PORT_NULL));
        CHECK_EQ(message.header.msgh_id, 1001 + id % 1000);
    }
    DO(mach_port_destroy(SELF, reply));
    DO(mach_port_deallocate(SELF, to));
    return NULL;
}

static void *serve(void *unused) {
    (void)unused;
    for (;;) {
        any_message came;
        mach_msg_return_t result = mach_msg(&came.header, MACH_RCV_MSG, 0, sizeof came, service, 0, MACH_PORT_NULL);
        if (result != MACH_MSG_SUCCESS) {
            CHECK(result == MACH_RCV_PORT_CHANGED || result == MACH_RCV_PORT_DIED || result == MACH_RCV_INVALID_NAME);
            return NULL;
        }
        if (came.header.msgh_id == MACH_NOTIFY_SEND_ONCE && !MACH_PORT_VALID(came.header.msgh_remote_port)) continue;
        mach_port_t back = came.header.msgh_remote_port;
        int id = came.header.msgh_id;
        came.header.msgh_remote_port = MACH_PORT_NULL;
        mach_msg_destroy(&came.header);
        result = try_send(back, MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0), id + 1000);
        if (result != MACH_MSG_SUCCESS) { // whoever asked was killed
            CHECK_EQ(result, MACH_SEND_INVALID_DEST);
            DO(mach_port_deallocate(SELF, back));
        }
    }
}

static pid_t client(void *endless) {
    pid_t child = check_fork();
    if (child != 0) return child;
    pthread_t threads[THREADS];
    for (int at = 0; at < THREADS; at++) CHECK_EQ(pthread_create(&threads[at], NULL, ask, endless), 0);
    for (int at = 0; at < THREADS; at++) CHECK_EQ(pthread_join(threads[at], NULL), 0);
    _exit(0);
}

int main(void) {
    DO(bootstrap_check_in(bootstrap_port, "org.example.load", &service));
    pid_t victim = client(&service), clients[CLIENTS];
    for (int at = 0; at < CLIENTS; at++) clients[at] = client(NULL);
    pthread_t servers[SERVERS];
    for (int at = 0; at < SERVERS; at++) CHECK_EQ(pthread_create(&servers[at], NULL, serve, NULL), 0);
    check_ended_well(clients[0]);
    CHECK_EQ(kill(victim, SIGKILL), 0);
    int status;
    CHECK_EQ(waitpid(victim, &status, 0), victim);
    for (int at = 1; at < CLIENTS; at++) check_ended_well(clients[at]);

    // All have gone: when the name goes, too, nobody can send any more.
    mach_port_t told_at = new_port(), before;
    DO(mach_port_request_notification(SELF, service, MACH_NOTIFY_NO_SENDERS, 0, told_at, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                      &before));
    DO(bootstrap_register2(bootstrap_port, "org.example.load", MACH_PORT_NULL, 0));
    any_message came;
    receive(told_at, &came);
    CHECK_EQ(came.header.msgh_id, MACH_NOTIFY_NO_SENDERS);
    DO(mach_port_destroy(SELF, service));
    for (int at = 0; at < SERVERS; at++) CHECK_EQ(pthread_join(servers[at], NULL), 0);
    // Of all those rights to answer by no name is left.
    mach_port_name_array_t names;
    mach_port_type_array_t types;
    mach_msg_type_number_t count;
    DO(mach_port_names(SELF, &names, &count, &types, &count));
    CHECK(count <= 5);
    return 0;
}
