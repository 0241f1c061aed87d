// SPDX-License-Identifier: MIT OR Apache-2.0
// What the programs share: a server and a client that are two processes, messages with room, and short words.
#ifndef PORT_H
#define PORT_H

#include <cabotage/alpc.h>
#include <pthread.h>

#include "check.h"

#define OK(call) CHECK_EQ((uint32_t)(call), STATUS_SUCCESS)
#define IS(call, status) CHECK_EQ((uint32_t)(call), (uint32_t)(status))

typedef struct {
    PORT_MESSAGE header;
    unsigned char data[0xffef];
} MESSAGE;

// A message with this text.
static inline void say(MESSAGE *message, const char *text) {
    memset(&message->header, 0, sizeof message->header);
    size_t bytes = strlen(text);
    memcpy(message->data, text, bytes);
    message->header.u1.s1.DataLength = (CSHORT)bytes;
    message->header.u1.s1.TotalLength = (CSHORT)(sizeof(PORT_MESSAGE) + bytes);
}

// The answer to a message: its header, and another text.
static inline void answer(MESSAGE *message, const char *text) {
    PORT_MESSAGE header = message->header;
    say(message, text);
    message->header.MessageId = header.MessageId;
    message->header.u3 = header.u3;
    message->header.u2 = header.u2;
}

static inline int is_text(const MESSAGE *message, const char *text) {
    size_t bytes = (USHORT)message->header.u1.s1.DataLength;
    return bytes == strlen(text) && memcmp(message->data, text, bytes) == 0;
}

static inline LARGE_INTEGER within_ms(int64_t ms) {
    LARGE_INTEGER time;
    time.QuadPart = ms * -10000;
    return time;
}

static inline HANDLE create_port_with(const WCHAR *name, ALPC_PORT_ATTRIBUTES *attributes) {
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES object;
    HANDLE port = NULL;
    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&object, &string, 0, NULL, NULL);
    OK(NtAlpcCreatePort(&port, &object, attributes));
    CHECK(port != NULL);
    return port;
}

static inline HANDLE create_port(const WCHAR *name) {
    return create_port_with(name, NULL);
}

static inline NTSTATUS connect_with(HANDLE *port, const WCHAR *name, ALPC_PORT_ATTRIBUTES *attributes,
                                    MESSAGE *message, SIZE_T *length, ULONG flags) {
    UNICODE_STRING string;
    LARGE_INTEGER soon = within_ms(30000);
    RtlInitUnicodeString(&string, name);
    return NtAlpcConnectPort(port, &string, NULL, attributes, flags, NULL, message ? &message->header : NULL, length,
                             NULL, NULL, &soon);
}

// A client that is let in; the server has to be there, or to come soon.
static inline HANDLE connect_port(const WCHAR *name, ALPC_PORT_ATTRIBUTES *attributes) {
    HANDLE port = NULL;
    for (int tries = 0; tries < 3000; tries++) {
        NTSTATUS status = connect_with(&port, name, attributes, NULL, NULL, ALPC_MSGFLG_SYNC_REQUEST);
        if (status == STATUS_SUCCESS) return port;
        IS(status, STATUS_OBJECT_NAME_NOT_FOUND);
        usleep(10000);
    }
    CHECK(!"the server came");
    return NULL;
}

static inline NTSTATUS receive_with(HANDLE port, MESSAGE *message, ALPC_MESSAGE_ATTRIBUTES *attributes, int64_t ms) {
    SIZE_T length = sizeof *message;
    LARGE_INTEGER time = within_ms(ms);
    return NtAlpcSendWaitReceivePort(port, 0, NULL, NULL, &message->header, &length, attributes, &time);
}

// The next message, which must come.
static inline int receive(HANDLE port, MESSAGE *message) {
    OK(receive_with(port, message, NULL, 30000));
    return LPC_TYPE(&message->header);
}

static inline NTSTATUS send_to(HANDLE port, MESSAGE *message, ULONG flags) {
    LARGE_INTEGER soon = within_ms(30000);
    return NtAlpcSendWaitReceivePort(port, flags, &message->header, NULL, NULL, NULL, NULL, &soon);
}

static inline NTSTATUS ask(HANDLE port, MESSAGE *request, MESSAGE *reply) {
    SIZE_T length = sizeof *reply;
    LARGE_INTEGER soon = within_ms(30000);
    return NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &request->header, NULL, &reply->header, &length,
                                     NULL, &soon);
}

// What there is now, without waiting.
// Asks a server so many questions, each of which comes back as its own answer, and ends this process.
static inline void ask_and_end(const WCHAR *name, int questions) {
    static MESSAGE message, reply;
    HANDLE port = connect_port(name, NULL);
    for (int i = 0; i < questions; i++) {
        char text[32];
        snprintf(text, sizeof text, "%d of %d", i, getpid());
        say(&message, text);
        OK(ask(port, &message, &reply));
        CHECK(is_text(&reply, text));
    }
    OK(NtClose(port));
    _exit(0);
}

static inline NTSTATUS receive_now(HANDLE port, MESSAGE *message, ALPC_MESSAGE_ATTRIBUTES *attributes) {
    return receive_with(port, message, attributes, 0);
}

static inline HANDLE create_completion(void) {
    HANDLE completion = NULL;
    OK(NtCreateIoCompletion(&completion, 0, NULL, 0));
    CHECK(completion != NULL);
    return completion;
}

// The completion port is told of what comes to the port.
static inline NTSTATUS associate(HANDLE port, HANDLE completion, void *key) {
    ALPC_PORT_ASSOCIATE_COMPLETION_PORT association;
    association.CompletionKey = key;
    association.CompletionPort = completion;
    return NtAlpcSetInformation(port, AlpcAssociateCompletionPortInformation, &association, sizeof association);
}

// The key of the next packet.
static inline NTSTATUS next_packet(HANDLE completion, void **key, int64_t ms) {
    void *context = NULL;
    IO_STATUS_BLOCK status;
    LARGE_INTEGER time = within_ms(ms);
    return NtRemoveIoCompletion(completion, key, &context, &status, &time);
}

// Waits for packets until one has a message behind it: as Windows says, another thread may have been faster.
static inline int told_of(HANDLE completion, HANDLE port, MESSAGE *message) {
    for (;;) {
        void *key = NULL;
        OK(next_packet(completion, &key, 30000));
        NTSTATUS status = receive_now(port, message, NULL);
        if (status == STATUS_SUCCESS) return LPC_TYPE(&message->header);
        IS(status, STATUS_TIMEOUT);
    }
}

// Lets the next client in with this text for it; answers the server's port of its channel.
static inline HANDLE let_in_saying(HANDLE port, void *context, const char *text) {
    static MESSAGE message;
    HANDLE channel = NULL;
    CHECK_EQ(receive(port, &message), LPC_CONNECTION_REQUEST);
    answer(&message, text);
    OK(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, context, &message.header, NULL, TRUE));
    return channel;
}

static inline HANDLE let_in(HANDLE port, void *context) {
    return let_in_saying(port, context, "");
}

#endif
