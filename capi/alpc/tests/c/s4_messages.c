// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 1.4: synchronous and asynchronous requests, datagrams, callbacks, buffers that are too small, timeouts.
#include <poll.h>

#include "port.h"

static MESSAGE message, reply;

static void be_client(void) {
    HANDLE port = connect_port(u"\\messages", NULL);
    // Without a buffer for the reply, or without a message, nothing synchronous is sent.
    say(&message, "x");
    IS(send_to(port, &message, ALPC_MSGFLG_SYNC_REQUEST), STATUS_LPC_RECEIVE_BUFFER_EXPECTED);
    SIZE_T length = sizeof reply;
    LARGE_INTEGER now = {{0, 0}};
    IS(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, NULL, NULL, &reply.header, &length, NULL, &now),
       STATUS_INVALID_PARAMETER_2);
    // Lengths that can't be.
    say(&message, "x");
    message.header.u1.s1.TotalLength = 39;
    IS(send_to(port, &message, 0), STATUS_INVALID_PARAMETER);
    message.header.u1.s1.TotalLength = 40;
    IS(send_to(port, &message, 0), STATUS_INVALID_PARAMETER);

    // One sender's messages come in their order.
    for (int i = 0; i < 50; i++) {
        char text[16];
        snprintf(text, sizeof text, "datagram %d", i);
        say(&message, text);
        OK(send_to(port, &message, 0));
    }
    // A request that nobody waits for: its reply is received like any message.
    say(&message, "asynchronous");
    message.header.u2.s2.Type = LPC_REQUEST;
    OK(send_to(port, &message, 0));
    ULONG number = message.header.MessageId;
    CHECK(number != 0);
    CHECK_EQ(receive(port, &reply), LPC_REPLY);
    CHECK_EQ(reply.header.MessageId, number);
    CHECK(is_text(&reply, "answer"));

    // A callback comes to who waits; what it answers goes back, and it goes on waiting.
    say(&message, "call me back");
    OK(ask(port, &message, &reply));
    CHECK_EQ(LPC_TYPE(&reply.header), LPC_REQUEST);
    CHECK(reply.header.u3.CallbackId != 0);
    CHECK(is_text(&reply, "what is your name?"));
    answer(&reply, "client");
    length = sizeof message;
    LARGE_INTEGER soon = within_ms(30000);
    OK(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_REPLY_MESSAGE, &reply.header, NULL, &message.header, &length, NULL,
                                 &soon));
    CHECK_EQ(LPC_TYPE(&message.header), LPC_REPLY);
    CHECK(is_text(&message, "hello, client"));
    // It is answered; there is nothing more to answer.
    IS(send_to(port, &reply, ALPC_MSGFLG_REPLY_MESSAGE), STATUS_REPLY_MESSAGE_MISMATCH);

    // A reply that does not fit stays, and its length is told.
    say(&message, "long");
    length = sizeof(PORT_MESSAGE) + 10;
    IS(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, NULL, &reply.header, &length, NULL,
                                 &soon),
       STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(length, sizeof(PORT_MESSAGE) + 21);
    CHECK_EQ(receive(port, &reply), LPC_REPLY);
    CHECK(is_text(&reply, "twenty-one characters"));

    // Nobody answers in time: the request is canceled.
    say(&message, "never answered");
    length = sizeof reply;
    LARGE_INTEGER shortly = within_ms(20);
    IS(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, NULL, &reply.header, &length, NULL,
                                 &shortly),
       STATUS_TIMEOUT);
    say(&message, "goodbye");
    OK(send_to(port, &message, 0));
    // The server has a word for us, which nobody asked for.
    CHECK_EQ(receive(port, &reply), LPC_DATAGRAM);
    CHECK(is_text(&reply, "unasked"));
    OK(NtClose(port));
    _exit(0);
}

// Times that are over do not wait, at a port that nobody knows.
static void no_time_is_no_wait(void) {
    HANDLE port = create_port(u"\\no client");
    LARGE_INTEGER times[3];
    times[0].QuadPart = 0;
    times[1].QuadPart = -1;
    times[2].QuadPart = 1;
    for (int i = 0; i < 3; i++) {
        SIZE_T length = sizeof message;
        IS(NtAlpcSendWaitReceivePort(port, 0, NULL, NULL, &message.header, &length, NULL, &times[i]), STATUS_TIMEOUT);
    }
    OK(NtClose(port));
}

int main(void) {
    no_time_is_no_wait();
    pid_t child = check_fork();
    if (child == 0) be_client();
    HANDLE port = create_port(u"\\messages");
    HANDLE channel = let_in(port, NULL);
    for (int i = 0; i < 50; i++) {
        char text[16];
        snprintf(text, sizeof text, "datagram %d", i);
        if (i == 0) {
            // A message that does not fit stays, whole.
            SIZE_T length = sizeof(PORT_MESSAGE) + 3;
            LARGE_INTEGER soon = within_ms(30000);
            IS(NtAlpcSendWaitReceivePort(port, 0, NULL, NULL, &message.header, &length, NULL, &soon),
               STATUS_BUFFER_TOO_SMALL);
            CHECK_EQ(length, sizeof(PORT_MESSAGE) + 10);
        }
        CHECK_EQ(receive(port, &message), LPC_DATAGRAM);
        CHECK(is_text(&message, text));
    }
    // A datagram has no reply.
    answer(&message, "no");
    IS(send_to(port, &message, 0), STATUS_REPLY_MESSAGE_MISMATCH);
    say(&message, "to whom?");
    IS(send_to(port, &message, 0), STATUS_INVALID_PARAMETER);

    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    CHECK(is_text(&message, "asynchronous"));
    // Whoever is not blocked can't be called back.
    say(&reply, "?");
    SIZE_T length = sizeof reply;
    LARGE_INTEGER soon = within_ms(30000);
    IS(NtAlpcSendWaitReceivePort(channel, ALPC_MSGFLG_SYNC_REQUEST, &reply.header, NULL, &reply.header, &length, NULL,
                                 &soon),
       STATUS_LPC_REQUESTS_NOT_ALLOWED);
    answer(&message, "answer");
    OK(send_to(port, &message, 0));
    IS(send_to(port, &message, 0), STATUS_REPLY_MESSAGE_MISMATCH);

    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    CHECK(is_text(&message, "call me back"));
    say(&reply, "what is your name?");
    length = sizeof reply;
    OK(NtAlpcSendWaitReceivePort(channel, ALPC_MSGFLG_SYNC_REQUEST, &reply.header, NULL, &reply.header, &length, NULL,
                                 &soon));
    CHECK_EQ(LPC_TYPE(&reply.header), LPC_REPLY);
    CHECK(is_text(&reply, "client"));
    answer(&message, "hello, client");
    OK(send_to(port, &message, 0));

    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    answer(&message, "twenty-one characters");
    OK(send_to(port, &message, 0));

    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    CHECK(is_text(&message, "never answered"));
    // The event loop of anybody: the descriptor is readable when there is something.
    int descriptor = -1;
    NTSTATUS status = AlpcCabotagePrepareWait(port, &descriptor);
    if (status == STATUS_PENDING) {
        struct pollfd watched = {descriptor, POLLIN, 0};
        CHECK(poll(&watched, 1, 30000) == 1);
    } else {
        OK(status);
    }
    CHECK_EQ(receive(port, &reply), LPC_CANCELED);
    CHECK_EQ(reply.header.MessageId, message.header.MessageId);
    answer(&message, "too late");
    IS(send_to(port, &message, 0), STATUS_REQUEST_CANCELED);

    CHECK_EQ(receive(port, &message), LPC_DATAGRAM);
    CHECK(is_text(&message, "goodbye"));
    say(&message, "unasked");
    OK(send_to(channel, &message, 0));
    CHECK_EQ(receive(port, &message), LPC_PORT_CLOSED);
    check_ended_well(child);
    OK(NtClose(channel));
    OK(NtClose(port));
    return 0;
}
