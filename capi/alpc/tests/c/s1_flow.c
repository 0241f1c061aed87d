// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 1.1: a connection port, a client's port and a server's port of each channel; who receives what where.
#include "port.h"

static MESSAGE message, reply;

static void be_client(void) {
    HANDLE port = connect_port(u"\\flow", NULL);
    say(&message, "ping");
    OK(ask(port, &message, &reply));
    CHECK_EQ(LPC_TYPE(&reply.header), LPC_REPLY);
    CHECK(is_text(&reply, "pong"));
    CHECK_EQ((pid_t)(intptr_t)reply.header.ClientId.UniqueProcess, getppid());
    OK(NtClose(port));
    IS(NtClose(port), STATUS_INVALID_HANDLE);
    _exit(0);
}

int main(void) {
    pid_t child = check_fork();
    if (child == 0) be_client();
    HANDLE port = create_port(u"\\flow");
    int context = 7;
    HANDLE channel = let_in(port, &context);

    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    CHECK(message.header.u2.s2.Type & LPC_CONTINUATION_REQUIRED);
    CHECK(is_text(&message, "ping"));
    CHECK_EQ((pid_t)(intptr_t)message.header.ClientId.UniqueProcess, child);
    // All that clients send comes to the connection port: at the channel's port there is nothing.
    IS(receive_with(channel, &reply, NULL, 5), STATUS_TIMEOUT);

    ALPC_BASIC_INFORMATION basic;
    ULONG length = 0;
    OK(NtAlpcQueryInformation(channel, AlpcBasicInformation, &basic, sizeof basic, &length));
    CHECK(basic.PortContext == &context && length == sizeof basic);
    IS(NtAlpcQueryInformation(channel, AlpcBasicInformation, &basic, 4, &length), STATUS_INFO_LENGTH_MISMATCH);
    IS(NtAlpcQueryInformation(channel, 99, &basic, sizeof basic, &length), STATUS_INVALID_INFO_CLASS);

    answer(&message, "pong");
    OK(send_to(port, &message, 0));
    CHECK_EQ(receive(port, &message), LPC_PORT_CLOSED);
    CHECK_EQ((pid_t)(intptr_t)message.header.ClientId.UniqueProcess, child);
    check_ended_well(child);
    OK(NtClose(channel));
    OK(NtClose(port));
    IS(receive_with(port, &message, NULL, 0), STATUS_INVALID_HANDLE);
    return 0;
}
