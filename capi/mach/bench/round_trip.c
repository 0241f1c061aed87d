// SPDX-License-Identifier: MIT OR Apache-2.0
// How long a question of 64 bytes and its answer take by mach_msg, sent and received in one call, from C to C; beside it
// a bare cache line to and fro, below which no round trip between processors gets. docs/c.md says how to run it.
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <mach/notify.h>
#include <servers/bootstrap.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    mach_msg_header_t header;
    char body[40]; // 64 bytes with the header
    mach_msg_trailer_t trailer;
} message;

enum { SENT = 64, ROUNDS = 15 };

typedef struct {
    _Alignas(128) _Atomic unsigned ping;
    _Alignas(128) _Atomic unsigned pong;
} lines;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(kern_return_t result, const char *what) {
    if (result != KERN_SUCCESS) {
        mach_error(what, result);
        exit(1);
    }
}

// The other end answers lines until it sees 0, then messages until one says that it is the last.
static void answer(lines *lines) {
    mach_port_t to, port = mach_reply_port();
    must(bootstrap_look_up(bootstrap_port, "org.example.bench", &to), "look up");
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_port_descriptor_t port;
    } own;
    memset(&own, 0, sizeof own);
    own.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, 0, MACH_MSGH_BITS_COMPLEX);
    own.header.msgh_remote_port = to;
    own.body.msgh_descriptor_count = 1;
    own.port.name = port;
    own.port.disposition = MACH_MSG_TYPE_MAKE_SEND;
    must(mach_msg(&own.header, MACH_SEND_MSG, sizeof own, 0, 0, 0, 0), "introduce");
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned seen = 0, now;; seen = now) {
            while ((now = atomic_load_explicit(&lines->ping, memory_order_acquire)) == seen) {
            }
            atomic_store_explicit(&lines->pong, now, memory_order_release);
            if (now == 0) break;
        }
        message question;
        mach_msg_option_t option = MACH_RCV_MSG;
        for (;;) { // each call but the first sends an answer and receives the next question
            must(mach_msg(&question.header, option, SENT, sizeof question, port, 0, 0), "serve");
            int is_last = question.header.msgh_id == 2;
            question.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
            question.header.msgh_local_port = MACH_PORT_NULL;
            if (is_last) break;
            option = MACH_SEND_MSG | MACH_RCV_MSG;
        }
        must(mach_msg(&question.header, MACH_SEND_MSG, SENT, 0, 0, 0, 0), "answer the last");
    }
}

static double line_round_trip(lines *lines, unsigned count) {
    double began = seconds();
    for (unsigned at = count; at-- > 0;) {
        atomic_store_explicit(&lines->ping, at, memory_order_release);
        while (atomic_load_explicit(&lines->pong, memory_order_acquire) != at) {
        }
    }
    return (seconds() - began) / count;
}

static double message_round_trip(mach_port_t to, mach_port_t reply, unsigned count) {
    double began = seconds();
    for (unsigned at = 0; at < count; at++) {
        message question;
        memset(&question, 7, SENT);
        question.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        question.header.msgh_remote_port = to;
        question.header.msgh_local_port = reply;
        question.header.msgh_voucher_port = MACH_PORT_NULL;
        question.header.msgh_id = at + 1 == count ? 2 : 1;
        must(mach_msg(&question.header, MACH_SEND_MSG | MACH_RCV_MSG, SENT, sizeof question, reply, 0, 0), "ask");
        if (question.header.msgh_id == MACH_NOTIFY_SEND_ONCE) exit(1);
    }
    return (seconds() - began) / count;
}

static int by_size(const void *one, const void *other) {
    double first = *(const double *)one, second = *(const double *)other;
    return (first > second) - (first < second);
}

int main(int count, char **arguments) {
    unsigned trips = count > 1 ? (unsigned)atoi(arguments[1]) : 20000;
    lines *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mach_port_t port, reply = mach_reply_port();
    must(bootstrap_check_in(bootstrap_port, "org.example.bench", &port), "check in");
    pid_t other = fork();
    if (other == 0) {
        answer(shared);
        return 0;
    }
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_port_descriptor_t port;
        mach_msg_trailer_t trailer;
    } came;
    must(mach_msg(&came.header, MACH_RCV_MSG, 0, sizeof came, port, 0, 0), "meet");
    double line[ROUNDS], message[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        line[round] = line_round_trip(shared, trips);
        message[round] = message_round_trip(came.port.name, reply, trips);
    }
    qsort(line, ROUNDS, sizeof *line, by_size);
    qsort(message, ROUNDS, sizeof *message, by_size);
    printf("cache line: %.0f ns (%.0f to %.0f)\n", line[ROUNDS / 2] * 1e9, line[0] * 1e9, line[ROUNDS - 1] * 1e9);
    printf("mach_msg, 64 bytes: %.0f ns (%.0f to %.0f), %.2f times the line\n", message[ROUNDS / 2] * 1e9,
           message[0] * 1e9, message[ROUNDS - 1] * 1e9, message[ROUNDS / 2] / line[ROUNDS / 2]);
    int status;
    waitpid(other, &status, 0);
    return status == 0 ? 0 : 1;
}
