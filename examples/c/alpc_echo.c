// SPDX-License-Identifier: MIT OR Apache-2.0
//
// An ALPC server and its client, with Windows' calls:
//     cc alpc_echo.c $(pkg-config --cflags --libs cabotage-alpc) -o alpc_echo
//     ./alpc_echo serve      in one terminal, and
//     ./alpc_echo ask hello  in another; without words both, once.
#include <cabotage/alpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    PORT_MESSAGE header;
    char text[256];
} MESSAGE;

static const WCHAR *const NAME = u"\\cabotage-echo";

static void must(NTSTATUS status, const char *what) {
    if (status == STATUS_SUCCESS) return;
    fprintf(stderr, "alpc_echo: %s answered %#x\n", what, (unsigned)status);
    exit(1);
}

static void put(MESSAGE *message, const char *text) {
    size_t bytes = strnlen(text, sizeof message->text);
    memcpy(message->text, text, bytes);
    message->header.u1.s1.DataLength = (CSHORT)bytes;
    message->header.u1.s1.TotalLength = (CSHORT)(sizeof(PORT_MESSAGE) + bytes);
}

// Serves until `clients` have gone; for ever if that is 0.
static void serve(int clients) {
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES object;
    HANDLE port = NULL, channel = NULL;
    RtlInitUnicodeString(&name, NAME);
    InitializeObjectAttributes(&object, &name, 0, NULL, NULL);
    must(NtAlpcCreatePort(&port, &object, NULL), "NtAlpcCreatePort");
    for (int gone = 0; clients == 0 || gone < clients;) {
        MESSAGE message;
        SIZE_T length = sizeof message;
        must(NtAlpcSendWaitReceivePort(port, 0, NULL, NULL, &message.header, &length, NULL, NULL), "receiving");
        switch (LPC_TYPE(&message.header)) {
        case LPC_CONNECTION_REQUEST:
            put(&message, "");
            NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, &message.header, NULL, TRUE);
            break;
        case LPC_REQUEST: // the same text back; a client that is gone misses nothing
            NtAlpcSendWaitReceivePort(port, 0, &message.header, NULL, NULL, NULL, NULL, NULL);
            break;
        case LPC_PORT_CLOSED:
        case LPC_CLIENT_DIED: gone++; break;
        }
    }
    NtClose(channel);
    NtClose(port);
}

static void ask(const char *question) {
    UNICODE_STRING name;
    HANDLE port = NULL;
    NTSTATUS status;
    RtlInitUnicodeString(&name, NAME);
    // The server may still be starting.
    while ((status = NtAlpcConnectPort(&port, &name, NULL, NULL, ALPC_MSGFLG_SYNC_REQUEST, NULL, NULL, NULL, NULL,
                                       NULL, NULL)) == STATUS_OBJECT_NAME_NOT_FOUND)
        usleep(1000);
    must(status, "NtAlpcConnectPort");
    MESSAGE message, reply;
    SIZE_T length = sizeof reply;
    memset(&message, 0, sizeof message);
    put(&message, question);
    must(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, NULL, &reply.header, &length, NULL,
                                   NULL),
         "asking");
    printf("%.*s\n", reply.header.u1.s1.DataLength, reply.text);
    NtClose(port);
}

int main(int count, char **words) {
    if (count == 2 && strcmp(words[1], "serve") == 0) {
        serve(0);
    } else if (count == 3 && strcmp(words[1], "ask") == 0) {
        ask(words[2]);
    } else {
        pid_t child = fork();
        if (child == 0) {
            ask("hello from C");
            return 0;
        }
        serve(1);
        waitpid(child, NULL, 0);
    }
    return 0;
}
