// SPDX-License-Identifier: MIT OR Apache-2.0
// A service and its client, as programs for macOS are written:
//   cc mach_hello.c $(pkg-config --cflags --libs cabotage-mach) -o mach_hello && ./mach_hello
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <servers/bootstrap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    mach_msg_header_t header;
    char text[64];
} greeting;

typedef struct {
    greeting message;
    mach_msg_audit_trailer_t trailer; // the system says here who sent it
} received;

static void must(kern_return_t result, const char *what) {
    if (result != KERN_SUCCESS) {
        mach_error(what, result);
        exit(1);
    }
}

static void ask(void) {
    mach_port_t service;
    must(bootstrap_look_up(bootstrap_port, "org.example.hello", &service), "look up");
    received message = {{{0, 0, 0, 0, 0, 0}, "world"}, {0, 0, 0, {{0, 0}}, {{0}}}};
    message.message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    message.message.header.msgh_remote_port = service;
    message.message.header.msgh_local_port = mach_reply_port();
    message.message.header.msgh_id = 1;
    mach_msg_header_t *header = &message.message.header;
    must(mach_msg(header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof(greeting), sizeof message, header->msgh_local_port,
                  MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL), "ask");
    if (header->msgh_id == 71) exit(2); // MACH_NOTIFY_SEND_ONCE: the service has ended without an answer
    printf("the service says: %.64s\n", message.message.text);
}

int main(void) {
    mach_port_t service;
    must(bootstrap_check_in(bootstrap_port, "org.example.hello", &service), "check in");
    pid_t client = fork();
    if (client == 0) {
        ask();
        return 0;
    }
    received message;
    must(mach_msg(&message.message.header, MACH_RCV_MSG | MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT), 0,
                  sizeof message, service, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL), "receive");
    greeting answer = {message.message.header, ""};
    snprintf(answer.text, sizeof answer.text, "hello, %.20s of process %u", message.message.text,
             message.trailer.msgh_audit.val[5]);
    // Where to answer is the remote port of what came, a right to send once.
    answer.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
    answer.header.msgh_local_port = MACH_PORT_NULL;
    answer.header.msgh_id += 100;
    must(mach_msg(&answer.header, MACH_SEND_MSG, sizeof answer, 0, MACH_PORT_NULL, MACH_MSG_TIMEOUT_NONE,
                  MACH_PORT_NULL), "answer");
    int status;
    waitpid(client, &status, 0);
    return status == 0 ? 0 : 1;
}
