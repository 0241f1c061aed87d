// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 1.5: names, acceptance with data, refusal, a buffer that is too small, connecting without waiting.
#include <fcntl.h>

#include "port.h"

static MESSAGE message, reply;

static void be_client(void) {
    HANDLE port = &port, untouched = port;
    SIZE_T length = sizeof message;
    OK(NtClose(connect_port(u"\\connecting", NULL)));

    // Refused: nothing is touched.
    say(&message, "refuse me");
    IS(connect_with(&port, u"\\connecting", NULL, &message, &length, ALPC_MSGFLG_SYNC_REQUEST),
       STATUS_PORT_CONNECTION_REFUSED);
    CHECK(port == untouched);

    // Accepted with more than there is room for.
    say(&message, "too much");
    length = sizeof(PORT_MESSAGE) + 3;
    IS(connect_with(&port, u"\\connecting", NULL, &message, &length, ALPC_MSGFLG_SYNC_REQUEST),
       STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(length, sizeof(PORT_MESSAGE) + 7);
    CHECK(port == untouched);

    // Accepted: the server's data and its process.
    say(&message, "let me in");
    length = sizeof message;
    OK(connect_with(&port, u"\\connecting", NULL, &message, &length, ALPC_MSGFLG_SYNC_REQUEST));
    CHECK(is_text(&message, "welcome"));
    CHECK_EQ((pid_t)(intptr_t)message.header.ClientId.UniqueProcess, getppid());
    CHECK_EQ(length, sizeof(PORT_MESSAGE) + 7);
    OK(NtClose(port));

    // Without waiting there is a port that can't send yet; the acceptance is a message.
    say(&message, "later");
    OK(connect_with(&port, u"\\connecting", NULL, &message, NULL, 0));
    say(&message, "too early");
    IS(send_to(port, &message, 0), STATUS_LPC_REQUESTS_NOT_ALLOWED);
    int fd = open("go", O_CREAT | O_WRONLY, 0600); // the server answers from now on
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK_EQ(receive(port, &reply), LPC_CONNECTION_REPLY);
    CHECK(is_text(&reply, "now"));
    say(&message, "in time");
    OK(send_to(port, &message, 0));
    OK(NtClose(port));

    say(&message, "refuse me later");
    OK(connect_with(&port, u"\\connecting", NULL, &message, NULL, 0));
    IS(receive_with(port, &reply, NULL, 30000), STATUS_PORT_CONNECTION_REFUSED);
    OK(NtClose(port));
    _exit(0);
}

// The next message but that others have gone: of two clients nobody promises who is heard first.
static int next(HANDLE port) {
    int type = receive(port, &message);
    return type == LPC_PORT_CLOSED ? next(port) : type;
}

static void asked(HANDLE port, const char *text) {
    CHECK_EQ(next(port), LPC_CONNECTION_REQUEST);
    CHECK(is_text(&message, text));
}

int main(void) {
    HANDLE port = create_port(u"\\connecting"), channel = NULL, other = NULL;
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES object;
    RtlInitUnicodeString(&string, u"\\connecting");
    InitializeObjectAttributes(&object, &string, 0, NULL, NULL);
    IS(NtAlpcCreatePort(&other, &object, NULL), STATUS_OBJECT_NAME_COLLISION);
    OK(NtClose(port));
    pid_t child = check_fork();
    if (child == 0) be_client();
    port = create_port(u"\\connecting");
    channel = let_in(port, NULL);
    OK(NtClose(channel));

    asked(port, "refuse me");
    CHECK_EQ((pid_t)(intptr_t)message.header.ClientId.UniqueProcess, child);
    OK(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, &message.header, NULL, FALSE));
    IS(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, &message.header, NULL, TRUE),
       STATUS_REPLY_MESSAGE_MISMATCH);
    asked(port, "too much");
    answer(&message, "welcome");
    OK(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, &message.header, NULL, TRUE));
    asked(port, "let me in");
    answer(&message, "welcome");
    OK(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, &message.header, NULL, TRUE));

    asked(port, "later");
    while (access("go", F_OK) != 0) usleep(1000);
    answer(&message, "now");
    OK(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, &message.header, NULL, TRUE));
    CHECK_EQ(next(port), LPC_DATAGRAM);
    CHECK(is_text(&message, "in time"));
    asked(port, "refuse me later");
    OK(NtAlpcAcceptConnectPort(NULL, port, 0, NULL, NULL, NULL, &message.header, NULL, FALSE));
    check_ended_well(child);

    // Who the server has to be.
    struct {
        UCHAR bytes[16];
    } sid = {{1, 2, 0, 0, 0, 0, 0, 22, 1, 0, 0, 0, 0xfe, 0xff, 0, 0}};
    HANDLE client = NULL;
    IS(NtAlpcConnectPort(&client, &string, NULL, NULL, ALPC_MSGFLG_SYNC_REQUEST, &sid, NULL, NULL, NULL, NULL, NULL),
       STATUS_SERVER_SID_MISMATCH);
    sid.bytes[7] = 5;
    IS(NtAlpcConnectPort(&client, &string, NULL, NULL, ALPC_MSGFLG_SYNC_REQUEST, &sid, NULL, NULL, NULL, NULL, NULL),
       STATUS_INVALID_SID);
    OK(NtClose(port));
    unlink("go");
    return 0;
}
