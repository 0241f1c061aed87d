// SPDX-License-Identifier: MIT OR Apache-2.0
// Code in the form that MIG generates, a client and a server in two processes: the second half of section 1h.
#include "mach_test.h"

#include "../../../../examples/c/mig/calcUser.c"

#undef msgh_request_port
#undef msgh_reply_port
#include "../../../../examples/c/mig/calcServer.c"

#include <bsm/libbsm.h>

static pid_t client;
static int noted;
static mach_port_t extra;

kern_return_t calc_do_add(mach_port_t server, int a, int b, int *sum, audit_token_t who) {
    (void)server;
    if (audit_token_to_pid(who) != client) return KERN_DENIED;
    *sum = a + b;
    return a < 0 ? KERN_INVALID_ARGUMENT : KERN_SUCCESS;
}

kern_return_t calc_do_name(mach_port_t server, label_t name, int *length) {
    (void)server;
    *length = (int)strlen(name);
    return KERN_SUCCESS;
}

kern_return_t calc_do_blob(mach_port_t server, blob_t data, mach_msg_type_number_t dataCnt, blob_t *twice,
                           mach_msg_type_number_t *twiceCnt) {
    (void)server;
    if (dataCnt == 3) return KERN_FAILURE; // what came is given back by whoever runs the server
    vm_address_t both = 0;
    DO(vm_allocate(SELF, &both, 2 * dataCnt, VM_FLAGS_ANYWHERE));
    memcpy((char *)both, data, dataCnt);
    memcpy((char *)both + dataCnt, data, dataCnt);
    DO(vm_deallocate(SELF, (vm_address_t)data, dataCnt));
    *twice = (blob_t)both;
    *twiceCnt = 2 * dataCnt;
    return KERN_SUCCESS;
}

kern_return_t calc_do_port(mach_port_t server, mach_port_t *port) {
    (void)server;
    *port = extra;
    return KERN_SUCCESS;
}

kern_return_t calc_do_note(mach_port_t server, int value) {
    (void)server;
    noted = value;
    return KERN_SUCCESS;
}

static void call(mach_port_t server) {
    int number = 0;
    DO(calc_add(server, 2, 3, &number));
    CHECK_EQ(number, 5);
    CHECK_EQ(calc_add(server, -1, 3, &number), KERN_INVALID_ARGUMENT);
    label_t name = "a name of some length";
    DO(calc_name(server, name, &number));
    CHECK_EQ(number, 21);
    memset(name, 'n', sizeof name - 1);
    name[63] = 0;
    DO(calc_name(server, name, &number));
    CHECK_EQ(number, 63);
    static char data[50000] = "begin", *twice = NULL;
    memcpy(data + sizeof data - 4, "end", 4);
    mach_msg_type_number_t count = 0;
    DO(calc_blob(server, data, sizeof data, &twice, &count));
    CHECK_EQ(count, 2 * sizeof data);
    CHECK(memcmp(twice + sizeof data, data, sizeof data) == 0 && memcmp(twice, data, sizeof data) == 0);
    mig_deallocate((vm_address_t)twice, count);
    CHECK_EQ(calc_blob(server, data, 3, &twice, &count), KERN_FAILURE);
    mach_port_t port = MACH_PORT_NULL;
    DO(calc_port(server, &port));
    CHECK_EQ(type_of(port), MACH_PORT_TYPE_SEND);
    DO(try_send(port, MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), 77));
    DO(calc_note(server, 1234));
    CHECK_EQ(calc_add(0x70007, 1, 2, &number), MACH_SEND_INVALID_DEST);

    // A routine that nobody has; a server that goes before it answers.
    mig_reply_error_t question;
    union {
        mig_reply_error_t answer;
        char room[200];
    } come;
    memset(&question, 0, sizeof question);
    question.Head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    question.Head.msgh_remote_port = server;
    question.Head.msgh_local_port = mig_get_reply_port();
    question.Head.msgh_id = 599;
    memcpy(&come, &question, sizeof question);
    DO(mach_msg(&come.answer.Head, MACH_SEND_MSG | MACH_RCV_MSG, sizeof question, sizeof come,
                question.Head.msgh_local_port, 0, MACH_PORT_NULL));
    CHECK(come.answer.Head.msgh_id == 699 && come.answer.RetCode == MIG_BAD_ID);
    mach_port_t reply = mig_get_reply_port();
    CHECK_EQ(mig_get_reply_port(), reply);
    mig_dealloc_reply_port(reply);
    CHECK(mig_get_reply_port() != reply);
    CHECK_EQ(calc_add(server, 9, 9, &number), MIG_SERVER_DIED);
}

int main(void) {
    mach_port_t port = MACH_PORT_NULL;
    DO(bootstrap_check_in(bootstrap_port, "org.example.calc", &port));
    client = check_fork();
    if (client == 0) {
        mach_port_t server = MACH_PORT_NULL;
        DO(bootstrap_look_up(bootstrap_port, "org.example.calc", &server));
        call(server);
        _exit(0);
    }
    extra = new_port();
    mach_msg_option_t audited = MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT);
    mach_msg_size_t room = sizeof(union __RequestUnion__calc_subsystem);
    // All but the last question; the options make a small buffer grow.
    for (int at = 0; at < 9; at++) {
        mach_msg_size_t size = at == 2 ? 30 : room;
        DO(mach_msg_server_once(calc_server, size, port, audited | MACH_RCV_LARGE));
    }
    CHECK_EQ(noted, 1234);
    any_message came;
    receive(extra, &came);
    CHECK_EQ(came.header.msgh_id, 77);
    receive(port, &came); // the last one
    CHECK_EQ(came.header.msgh_id, 500);
    mach_msg_destroy(&came.header);
    check_ended_well(client);
    // A server's loop ends with its port.
    DO(mach_port_destroy(SELF, port));
    CHECK_EQ(mach_msg_server(calc_server, room, port, MACH_MSG_OPTION_NONE), MACH_RCV_INVALID_NAME);
    char text[8] = "xxxxxxx";
    CHECK(mig_strncpy(text, "abcdefghij", 8) == 8 && strcmp(text, "abcdefg") == 0);
    CHECK(mig_strncpy_zerofill(text, "ab", 8) == 3 && memcmp(text, "ab\0\0\0\0\0\0", 8) == 0);
    vm_address_t memory = 0;
    mig_allocate(&memory, 100);
    CHECK(memory != 0);
    mig_deallocate(memory, 100);
    return 0;
}
