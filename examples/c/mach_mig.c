// SPDX-License-Identifier: MIT OR Apache-2.0
// A server and a client by stubs in the form that MIG writes (mig/calc.h): mach_msg_server, and calls that look like any.
//   cc mach_mig.c $(pkg-config --cflags --libs cabotage-mach) -o mach_mig && ./mach_mig
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <servers/bootstrap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mig/calcUser.c"

#undef msgh_request_port
#undef msgh_reply_port
#include "mig/calcServer.c"

// The server's work.
kern_return_t calc_do_add(mach_port_t server, int a, int b, int *sum, audit_token_t who) {
    (void)server;
    printf("process %u asks for the sum\n", who.val[5]);
    return __builtin_add_overflow(a, b, sum) ? KERN_INVALID_ARGUMENT : KERN_SUCCESS;
}

kern_return_t calc_do_name(mach_port_t server, label_t name, int *length) {
    (void)server;
    *length = (int)strlen(name);
    return KERN_SUCCESS;
}

kern_return_t calc_do_blob(mach_port_t server, blob_t data, mach_msg_type_number_t dataCnt, blob_t *twice,
                           mach_msg_type_number_t *twiceCnt) {
    (void)server;
    *twice = data; // what came goes back: it is the server's, and moves
    *twiceCnt = dataCnt;
    return KERN_SUCCESS;
}

kern_return_t calc_do_port(mach_port_t server, mach_port_t *port) {
    *port = server;
    return KERN_SUCCESS;
}

kern_return_t calc_do_note(mach_port_t server, int value) {
    // The client has said that it is done: without its port the loop ends.
    return value == 0 ? mach_port_destroy(mach_task_self(), server) : KERN_SUCCESS;
}

static int be_client(void) {
    mach_port_t server;
    kern_return_t result = bootstrap_look_up(bootstrap_port, "org.example.calculator", &server);
    int sum = 0, length = 0;
    label_t name = "cabotage";
    if (result == KERN_SUCCESS) result = calc_add(server, 19, 23, &sum);
    if (result == KERN_SUCCESS) result = calc_name(server, name, &length);
    if (result == KERN_SUCCESS) result = calc_note(server, 0);
    if (result != KERN_SUCCESS) mach_error("the server", result);
    printf("19 + 23 = %d, and the name has %d letters\n", sum, length);
    return sum == 42 && length == 8 ? 0 : 1;
}

int main(void) {
    mach_port_t server;
    if (bootstrap_check_in(bootstrap_port, "org.example.calculator", &server) != KERN_SUCCESS) return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    pid_t client = fork();
    if (client == 0) return be_client();
    mach_msg_server(calc_server, sizeof(union __RequestUnion__calc_subsystem), server,
                    MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT));
    int status;
    waitpid(client, &status, 0);
    return status == 0 ? 0 : 1;
}
