// SPDX-License-Identifier: MIT OR Apache-2.0
// Tasks, forks and services: section 1h of Mach's semantics.
#include "mach_test.h"
#include <bsm/libbsm.h>


static void special_ports(void) {
    mach_port_t port = MACH_PORT_NULL, own = new_port();
    DO(task_get_special_port(SELF, TASK_KERNEL_PORT, &port));
    CHECK_EQ(port, SELF);
    DO(task_get_bootstrap_port(SELF, &port));
    CHECK_EQ(port, bootstrap_port);
    DO(mach_port_deallocate(SELF, port));
    DO(mach_port_insert_right(SELF, own, own, MACH_MSG_TYPE_MAKE_SEND));
    DO(task_set_special_port(SELF, TASK_HOST_PORT, own));
    DO(task_get_host_port(SELF, &port));
    CHECK(port == own && mach_host_self() == own);
    CHECK_EQ(task_get_special_port(SELF, 99, &port), KERN_INVALID_ARGUMENT);
    CHECK_EQ(task_set_special_port(SELF, TASK_NAME_PORT, own), KERN_INVALID_ARGUMENT);
    // Whatever a program gives back of it, its self port stays.
    for (int at = 0; at < 10; at++) DO(mach_port_deallocate(SELF, mach_task_self()));
    CHECK_EQ(type_of(SELF), MACH_PORT_TYPE_SEND);

    int pid = 0;
    DO(pid_for_task(SELF, &pid));
    CHECK_EQ(pid, getpid());
    CHECK_EQ(task_for_pid(SELF, 1 + getpid(), &port), KERN_FAILURE);
    DO(task_for_pid(SELF, getpid(), &port));
    CHECK_EQ(port, SELF);
    audit_token_t token;
    mach_msg_type_number_t count = TASK_AUDIT_TOKEN_COUNT;
    DO(task_info(SELF, TASK_AUDIT_TOKEN, (task_info_t)&token, &count));
    CHECK(count == 8 && audit_token_to_pid(token) == getpid());
    count = 1;
    CHECK_EQ(task_info(SELF, TASK_AUDIT_TOKEN, (task_info_t)&token, &count), KERN_INVALID_ARGUMENT);
    vm_size_t page = 0;
    DO(host_page_size(mach_host_self(), &page));
    CHECK_EQ(page, vm_page_size);
    CHECK_EQ(thread_get_special_reply_port(), thread_get_special_reply_port());
    CHECK(strstr(mach_error_string(KERN_INVALID_NAME), "(os/kern)") == mach_error_string(KERN_INVALID_NAME));
    CHECK_EQ(strcmp(mach_error_type(MACH_RCV_TIMED_OUT), "(ipc/rcv)"), 0);
}

static void forks(void) {
    mach_port_t port = new_port();
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    pid_t child = check_fork();
    if (child == 0) {
        // The child is a task of its own: none of its parent's names, and its own self and bootstrap ports.
        mach_port_type_t type;
        CHECK_EQ(mach_port_type(SELF, port, &type), KERN_INVALID_NAME);
        CHECK_EQ(type_of(SELF), MACH_PORT_TYPE_SEND);
        CHECK_EQ(type_of(bootstrap_port), MACH_PORT_TYPE_SEND);
        CHECK_EQ(try_send(port, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 1), MACH_SEND_INVALID_DEST);
        int pid;
        DO(pid_for_task(SELF, &pid));
        CHECK_EQ(pid, getpid());
        mach_port_t own = new_port();
        DO(try_send(own, MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0), 2));
        any_message came;
        DO(try_receive(own, &came));
        _exit(0);
    }
    check_ended_well(child);
    CHECK_EQ(status_of(port).mps_msgcount, 0);
    DO(mach_port_destroy(SELF, port));
}

static void names(void) {
    mach_port_t port = new_port(), other = MACH_PORT_NULL;
    CHECK_EQ(bootstrap_look_up(bootstrap_port, "org.example.nobody", &other), BOOTSTRAP_UNKNOWN_SERVICE);
    DO(bootstrap_register(bootstrap_port, "org.example.first", port));
    CHECK_EQ(bootstrap_register2(bootstrap_port, "org.example.first", new_port(), 0), BOOTSTRAP_NAME_IN_USE);
    DO(bootstrap_look_up(bootstrap_port, "org.example.first", &other));
    CHECK_EQ(other, port); // rights to one port have one name
    CHECK_EQ(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE);
    bootstrap_status_t status = 99;
    DO(bootstrap_status(bootstrap_port, "org.example.first", &status));
    CHECK_EQ(status, BOOTSTRAP_STATUS_ACTIVE);
    CHECK_EQ(bootstrap_check_in(bootstrap_port, "org.example.first", &other), BOOTSTRAP_SERVICE_ACTIVE);
    DO(bootstrap_register2(bootstrap_port, "org.example.first", MACH_PORT_NULL, 0));
    CHECK_EQ(bootstrap_look_up(bootstrap_port, "org.example.first", &other), BOOTSTRAP_UNKNOWN_SERVICE);
    CHECK_EQ(bootstrap_register2(bootstrap_port, "org.example.first", MACH_PORT_NULL, 0),
             BOOTSTRAP_NOT_PRIVILEGED);

    // A service that is not there yet, and comes.
    mach_port_t right = MACH_PORT_NULL;
    DO(bootstrap_create_service(bootstrap_port, "org.example.later", &right));
    DO(bootstrap_status(bootstrap_port, "org.example.later", &status));
    CHECK_EQ(status, BOOTSTRAP_STATUS_INACTIVE);
    DO(try_send(right, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 8));
    DO(bootstrap_check_in(bootstrap_port, "org.example.later", &other));
    any_message came;
    DO(try_receive(other, &came));
    CHECK_EQ(came.header.msgh_id, 8);
    DO(mach_port_destroy(SELF, other));

    char longest[200];
    memset(longest, 'x', sizeof longest);
    longest[127] = 0;
    DO(bootstrap_check_in(bootstrap_port, longest, &other));
    DO(mach_port_destroy(SELF, other));
    longest[127] = 'x';
    longest[128] = 0;
    CHECK_EQ(bootstrap_check_in(bootstrap_port, longest, &other), BOOTSTRAP_UNKNOWN_SERVICE);
    CHECK_EQ(bootstrap_look_up(MACH_PORT_NULL, "org.example.first", &other), MACH_SEND_INVALID_DEST);
    CHECK(strlen(bootstrap_strerror(BOOTSTRAP_NAME_IN_USE)) > 0);
}

// Two processes: a request with a send-once reply, the sender's identity, and the client's death.
static void between_processes(void) {
    mach_port_t port = MACH_PORT_NULL;
    DO(bootstrap_check_in(bootstrap_port, "org.example.echo", &port));
    pid_t child = check_fork();
    if (child == 0) {
        mach_port_t to = MACH_PORT_NULL, reply = mach_reply_port(), before;
        DO(bootstrap_look_up(bootstrap_port, "org.example.echo", &to));
        any_message message;
        for (int id = 1; id <= 100; id++) {
            *(small_message *)(void *)&message =
                small(to, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE), id);
            message.header.msgh_local_port = reply;
            DO(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, 28, sizeof message, reply, 0, MACH_PORT_NULL));
            CHECK_EQ(message.header.msgh_id, 100 + id);
        }
        // The task's own port, for the other to ask by.
        struct {
            mach_msg_header_t header;
            mach_msg_body_t body;
            mach_msg_port_descriptor_t port;
        } own;
        memset(&own, 0, sizeof own);
        own.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE, 0,
                                                  MACH_MSGH_BITS_COMPLEX);
        own.header.msgh_remote_port = to;
        own.header.msgh_local_port = reply;
        own.body.msgh_descriptor_count = 1;
        own.port.name = SELF;
        own.port.disposition = MACH_MSG_TYPE_COPY_SEND;
        DO(mach_msg(&own.header, MACH_SEND_MSG, sizeof own, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
        receive(reply, &message);
        // The service ends: its name is dead.
        DO(mach_port_request_notification(SELF, to, MACH_NOTIFY_DEAD_NAME, 0, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                          &before));
        struct {
            mach_msg_header_t header;
        } last = {{MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 24, to, MACH_PORT_NULL, MACH_PORT_NULL, 999}};
        DO(mach_msg(&last.header, MACH_SEND_MSG, 24, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
        receive(reply, &message);
        CHECK_EQ(message.header.msgh_id, MACH_NOTIFY_DEAD_NAME);
        CHECK_EQ(message.dead_name.not_port, to);
        _exit(0);
    }
    any_message message;
    for (int id = 1; id <= 100; id++) {
        memset(&message, 0, sizeof message);
        DO(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT), 0, sizeof message,
                    port, 0, MACH_PORT_NULL));
        CHECK_EQ(message.header.msgh_id, id);
        mach_msg_audit_trailer_t trailer;
        memcpy(&trailer, message.bytes + message.header.msgh_size, sizeof trailer);
        CHECK_EQ(audit_token_to_pid(trailer.msgh_audit), child);
        DO(try_send(message.header.msgh_remote_port, MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0), 100 + id));
    }
    receive(port, &message);
    mach_port_t task = ((mach_msg_port_descriptor_t *)(void *)(message.bytes + sizeof(mach_msg_base_t)))->name;
    int pid = 0;
    DO(pid_for_task(task, &pid));
    CHECK_EQ(pid, child);
    mach_port_t theirs = MACH_PORT_NULL, taken = MACH_PORT_NULL;
    mach_port_type_t type = 0;
    mach_msg_type_name_t kind = 0;
    DO(mach_port_allocate(task, MACH_PORT_RIGHT_RECEIVE, &theirs)); // in the child's space
    DO(mach_port_type(task, theirs, &type));
    CHECK_EQ(type, MACH_PORT_TYPE_RECEIVE);
    DO(mach_port_extract_right(task, theirs, MACH_MSG_TYPE_MAKE_SEND, &taken, &kind));
    CHECK(kind == MACH_MSG_TYPE_PORT_SEND && type_of(taken) == MACH_PORT_TYPE_SEND);
    CHECK_EQ(vm_deallocate(task, 0, 10), KERN_INVALID_TASK); // but its memory nobody reaches
    DO(try_send(message.header.msgh_remote_port, MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0), 1));
    receive(port, &message);
    CHECK_EQ(message.header.msgh_id, 999);
    DO(mach_port_destroy(SELF, port));
    check_ended_well(child);
}

int main(void) {
    special_ports();
    forks();
    names();
    between_processes();
    return 0;
}
