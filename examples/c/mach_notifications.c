// SPDX-License-Identifier: MIT OR Apache-2.0
// A service that is told when its client has gone, and a client that is told when the service has:
//   cc mach_notifications.c $(pkg-config --cflags --libs cabotage-mach) -o mach_notifications && ./mach_notifications
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <mach/notify.h>
#include <servers/bootstrap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t port;
} with_port;

typedef union {
    mach_msg_header_t header;
    with_port with_port;
    mach_no_senders_notification_t no_senders;
    mach_dead_name_notification_t dead_name;
    char room[256];
} message;

static void must(kern_return_t result, const char *what) {
    if (result != KERN_SUCCESS) {
        mach_error(what, result);
        exit(1);
    }
}

static void receive(mach_port_t port, message *into) {
    must(mach_msg(&into->header, MACH_RCV_MSG, 0, sizeof *into, port, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL), "receive");
}

static void be_client(void) {
    mach_port_t service, before, told_at = mach_reply_port();
    must(bootstrap_look_up(bootstrap_port, "org.example.desk", &service), "look up");
    message hello;
    memset(&hello, 0, sizeof hello);
    hello.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    hello.header.msgh_remote_port = service;
    hello.header.msgh_local_port = told_at;
    must(mach_msg(&hello.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof hello.header, sizeof hello, told_at,
                  MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL), "say hello");
    mach_port_t own = hello.with_port.port.name; // a port for this client alone
    must(mach_port_request_notification(mach_task_self(), service, MACH_NOTIFY_DEAD_NAME, 0, told_at,
                                        MACH_MSG_TYPE_MAKE_SEND_ONCE, &before), "ask to be told");
    must(mach_port_deallocate(mach_task_self(), own), "let go");
    message news;
    receive(told_at, &news);
    printf("the client is told %d: the service %#x has died\n", news.header.msgh_id, news.dead_name.not_port);
}

int main(void) {
    mach_port_t desk, own, before;
    must(bootstrap_check_in(bootstrap_port, "org.example.desk", &desk), "check in");
    pid_t client = fork();
    if (client == 0) {
        be_client();
        return 0;
    }
    message came;
    receive(desk, &came);
    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &own), "allocate");
    with_port answer;
    memset(&answer, 0, sizeof answer);
    answer.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0, 0, MACH_MSGH_BITS_COMPLEX);
    answer.header.msgh_remote_port = came.header.msgh_remote_port;
    answer.body.msgh_descriptor_count = 1;
    answer.port.name = own;
    answer.port.disposition = MACH_MSG_TYPE_MAKE_SEND;
    must(mach_msg(&answer.header, MACH_SEND_MSG, sizeof answer, 0, MACH_PORT_NULL, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL),
         "answer");
    must(mach_port_request_notification(mach_task_self(), own, MACH_NOTIFY_NO_SENDERS, 1, desk,
                                        MACH_MSG_TYPE_MAKE_SEND_ONCE, &before), "ask to be told");
    receive(desk, &came);
    printf("the service is told %d: its client has let go\n", came.header.msgh_id);
    must(mach_port_destroy(mach_task_self(), desk), "end the service");
    int status;
    waitpid(client, &status, 0);
    return status == 0 && came.header.msgh_id == MACH_NOTIFY_NO_SENDERS ? 0 : 1;
}
