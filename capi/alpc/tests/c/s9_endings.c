// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 1.9: closing, dying, canceling, and what each side is told of it; and forks.
#include "port.h"

static MESSAGE message, reply;

static void *cancel_soon(void *argument) {
    HANDLE port = argument;
    ALPC_CONTEXT_ATTR context;
    memset(&context, 0, sizeof context);
    context.MessageId = 1; // the first request of this client
    for (;;) {
        NTSTATUS status = NtAlpcCancelMessage(port, ALPC_CANCELFLG_TRY_CANCEL, &context);
        if (status == STATUS_SUCCESS) return NULL;
        IS(status, STATUS_INVALID_PARAMETER); // not yet
        usleep(1000);
    }
}

static void be_canceler(void) {
    HANDLE port = connect_port(u"\\endings", NULL);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, cancel_soon, port) == 0);
    say(&message, "cancel me");
    IS(ask(port, &message, &reply), STATUS_MESSAGE_LOST);
    CHECK(pthread_join(thread, NULL) == 0);
    OK(NtClose(port));
    _exit(0);
}

static void be_victim(void) {
    HANDLE port = connect_port(u"\\endings", NULL);
    say(&message, "last words");
    OK(send_to(port, &message, 0));
    raise(SIGKILL);
}

static void be_waiter(void) {
    HANDLE port = connect_port(u"\\endings", NULL);
    say(&message, "wait for ever");
    IS(ask(port, &message, &reply), STATUS_LPC_REPLY_LOST);
    IS(ask(port, &message, &reply), STATUS_PORT_DISCONNECTED);
    // A forked child has none of its parent's handles; it may have its own.
    pid_t child = check_fork();
    if (child == 0) {
        IS(send_to(port, &message, 0), STATUS_INVALID_HANDLE);
        IS(NtClose(port), STATUS_INVALID_HANDLE);
        HANDLE own = create_port(u"\\of the child");
        OK(NtClose(own));
        _exit(0);
    }
    check_ended_well(child);
    OK(NtClose(port));
    _exit(0);
}

static void be_called(void) {
    HANDLE port = connect_port(u"\\calling", NULL);
    say(&message, "call me");
    OK(ask(port, &message, &reply));
    CHECK_EQ(LPC_TYPE(&reply.header), LPC_REQUEST);
    raise(SIGKILL);
}

static pid_t start(void (*act)(void)) {
    pid_t child = check_fork();
    if (child == 0) act();
    return child;
}

// Who is called back and dies answers nobody.
static void call_who_dies(void) {
    pid_t child = start(be_called);
    HANDLE port = create_port(u"\\calling"), channel = let_in(port, NULL);
    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    say(&message, "are you there?");
    SIZE_T length = sizeof reply;
    IS(NtAlpcSendWaitReceivePort(channel, ALPC_MSGFLG_SYNC_REQUEST, &message.header, NULL, &reply.header, &length, NULL,
                                 NULL),
       STATUS_LPC_REPLY_LOST);
    CHECK_EQ(receive(port, &message), LPC_CLIENT_DIED);
    CHECK(waitpid(child, NULL, 0) == child);
    OK(NtClose(channel));
    OK(NtClose(port));
}

int main(void) {
    call_who_dies();
    pid_t canceler = start(be_canceler), victim = start(be_victim), waiter = start(be_waiter);
    HANDLE port = create_port(u"\\endings"), channels[3];
    int alive = 0, told_canceled = 0, told_died = 0, told_closed = 0, is_asked = 0, had_words = 0;
    ULONG asked = 0;
    while (!(told_canceled && told_died && told_closed && is_asked && had_words)) {
        switch (receive(port, &message)) {
        case LPC_CONNECTION_REQUEST:
            answer(&message, "");
            OK(NtAlpcAcceptConnectPort(&channels[alive++], port, 0, NULL, NULL, NULL, &message.header, NULL, TRUE));
            break;
        case LPC_REQUEST:
            if (is_text(&message, "wait for ever")) is_asked = 1;
            if (is_text(&message, "cancel me")) asked = message.header.MessageId;
            break;
        case LPC_DATAGRAM:
            CHECK(is_text(&message, "last words"));
            CHECK(!told_died); // what was sent before comes before the news
            had_words = 1;
            break;
        case LPC_CANCELED:
            CHECK_EQ(message.header.MessageId, asked);
            answer(&message, "late");
            IS(send_to(port, &message, 0), STATUS_REQUEST_CANCELED);
            told_canceled = 1;
            break;
        case LPC_PORT_CLOSED:
            CHECK_EQ((pid_t)(intptr_t)message.header.ClientId.UniqueProcess, canceler);
            told_closed = 1;
            break;
        case LPC_CLIENT_DIED:
            CHECK_EQ((pid_t)(intptr_t)message.header.ClientId.UniqueProcess, victim);
            told_died = 1;
            break;
        default: CHECK(!"a message of these types");
        }
    }
    // News can't be forged.
    say(&message, "");
    message.header.u2.s2.Type = LPC_CLIENT_DIED;
    IS(NtRequestPort(channels[0], &message.header), STATUS_INVALID_PARAMETER);
    // The port goes: who waits is told that there is no answer.
    OK(NtClose(port));
    check_ended_well(canceler);
    check_ended_well(waiter);
    CHECK(waitpid(victim, NULL, 0) == victim);
    for (int i = 0; i < 3; i++) {
        say(&message, "x");
        IS(send_to(channels[i], &message, 0), STATUS_PORT_DISCONNECTED);
        OK(NtClose(channels[i]));
    }
    return 0;
}
