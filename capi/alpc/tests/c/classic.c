// SPDX-License-Identifier: MIT OR Apache-2.0
// The classic calls: listen, accept, complete; request and reply; receive and reply in one; callbacks.
#include "port.h"

static MESSAGE message, reply;

static void be_client(void) {
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, u"\\classic");
    HANDLE port = NULL;
    char data[16] = "hello server";
    ULONG bytes = 12, longest = 0;
    NTSTATUS status;
    while ((status = NtConnectPort(&port, &string, NULL, NULL, NULL, &longest, data, &bytes)) ==
           STATUS_OBJECT_NAME_NOT_FOUND)
        usleep(10000);
    OK(status);
    CHECK_EQ(longest, 512);
    CHECK(bytes == 7 && memcmp(data, "welcome", 7) == 0);
    say(&message, "datagram");
    OK(NtRequestPort(port, &message.header));
    say(&message, "request");
    OK(NtRequestWaitReplyPort(port, &message.header, &reply.header));
    CHECK_EQ(LPC_TYPE(&reply.header), LPC_REPLY);
    CHECK(is_text(&reply, "first"));
    say(&message, "call back");
    OK(NtRequestWaitReplyPort(port, &message.header, &reply.header));
    CHECK_EQ(LPC_TYPE(&reply.header), LPC_REQUEST);
    answer(&reply, "called");
    OK(NtReplyWaitReplyPort(port, &reply.header));
    CHECK(is_text(&reply, "called you"));
    // Refused.
    bytes = 6;
    memcpy(data, "refuse", 6);
    HANDLE other = NULL;
    IS(NtConnectPort(&other, &string, NULL, NULL, NULL, NULL, data, &bytes), STATUS_PORT_CONNECTION_REFUSED);
    PORT_VIEW view;
    memset(&view, 0, sizeof view);
    IS(NtConnectPort(&other, &string, NULL, &view, NULL, NULL, NULL, NULL), STATUS_NOT_SUPPORTED);
    OK(NtClose(port));
    _exit(0);
}

int main(void) {
    pid_t child = check_fork();
    if (child == 0) be_client();
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES object;
    HANDLE port = NULL, channel = NULL, other = NULL;
    int word = 0;
    RtlInitUnicodeString(&string, u"\\classic");
    InitializeObjectAttributes(&object, &string, 0, NULL, NULL);
    OK(NtCreatePort(&port, &object, 64, 0, 0));
    OK(NtListenPort(port, &message.header));
    CHECK_EQ(LPC_TYPE(&message.header), LPC_CONNECTION_REQUEST);
    CHECK(is_text(&message, "hello server"));
    answer(&message, "welcome");
    OK(NtAcceptConnectPort(&channel, &word, &message.header, TRUE, NULL, NULL));
    say(&message, "too early");
    IS(NtRequestPort(channel, &message.header), STATUS_LPC_REQUESTS_NOT_ALLOWED);
    OK(NtCompleteConnectPort(channel));
    IS(NtCompleteConnectPort(channel), STATUS_INVALID_PARAMETER);

    PVOID context = NULL;
    // At a channel's port one receives what comes to the connection port.
    OK(NtReplyWaitReceivePort(channel, &context, NULL, &message.header));
    CHECK_EQ(LPC_TYPE(&message.header), LPC_DATAGRAM);
    CHECK(context == &word && is_text(&message, "datagram"));
    OK(NtReplyWaitReceivePort(port, &context, NULL, &message.header));
    CHECK(context == &word && is_text(&message, "request"));
    answer(&message, "first");
    OK(NtReplyWaitReceivePort(port, &context, &message.header, &reply.header));
    CHECK(is_text(&reply, "call back"));
    say(&message, "are you there?");
    static MESSAGE called;
    OK(NtRequestWaitReplyPort(channel, &message.header, &called.header));
    CHECK(is_text(&called, "called"));
    answer(&reply, "called you");
    OK(NtReplyPort(port, &reply.header));
    IS(NtReplyPort(port, &reply.header), STATUS_REPLY_MESSAGE_MISMATCH);

    OK(NtListenPort(port, &message.header));
    CHECK(is_text(&message, "refuse"));
    OK(NtAcceptConnectPort(&other, NULL, &message.header, FALSE, NULL, NULL));
    OK(NtReplyWaitReceivePort(port, &context, NULL, &message.header));
    CHECK_EQ(LPC_TYPE(&message.header), LPC_PORT_CLOSED);
    LARGE_INTEGER shortly = within_ms(5);
    IS(NtReplyWaitReceivePortEx(port, &context, NULL, &message.header, &shortly), STATUS_TIMEOUT);
    OK(NtQueryInformationPort(port, 0, NULL, 0, NULL));
    check_ended_well(child);
    OK(NtClose(channel));
    OK(NtClose(port));
    return 0;
}
