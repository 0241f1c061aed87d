// SPDX-License-Identifier: MIT OR Apache-2.0
//
// An ALPC server without a thread of its own: callbacks in threads of the library take messages from a completion list.
//     cc alpc_pool.c $(pkg-config --cflags --libs cabotage-alpc) -pthread -o alpc_pool
//     ./alpc_pool 3     three clients, each a process that asks three times
#include <cabotage/alpc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS_MAX = 16, QUESTIONS = 3 };

typedef struct {
    PORT_MESSAGE header;
    char text[256];
} MESSAGE;

static const WCHAR *const NAME = u"\\cabotage-pool";
static unsigned char list[64 * 1024] __attribute__((aligned(64)));
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int gone, answered;

static void must(NTSTATUS status, const char *what) {
    if (status == STATUS_SUCCESS) return;
    fprintf(stderr, "alpc_pool: %s answered %#x\n", what, (unsigned)status);
    exit(1);
}

static void put(MESSAGE *message, const char *text) {
    size_t bytes = strnlen(text, sizeof message->text);
    memcpy(message->text, text, bytes);
    message->header.u1.s1.DataLength = (CSHORT)bytes;
    message->header.u1.s1.TotalLength = (CSHORT)(sizeof(PORT_MESSAGE) + bytes);
}

static void count(int *number) {
    pthread_mutex_lock(&lock);
    ++*number;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

// One message from the list, in whichever thread of the pool; several run at once.
static void on_message(PTP_CALLBACK_INSTANCE instance, PVOID port, PTP_ALPC alpc) {
    HANDLE channel = NULL;
    PORT_MESSAGE *message = AlpcGetMessageFromCompletionList(list, NULL);
    (void)instance;
    (void)alpc;
    if (message == NULL) return; // another callback has taken it
    switch (LPC_TYPE(message)) {
    case LPC_CONNECTION_REQUEST:
        message->u1.s1.DataLength = 0;
        must(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, message, NULL, TRUE), "accepting");
        break;
    case LPC_REQUEST: // the same text back, from where it lies; a client that is gone misses nothing
        if (NtAlpcSendWaitReceivePort(port, 0, message, NULL, NULL, NULL, NULL, NULL) == STATUS_SUCCESS)
            count(&answered);
        break;
    case LPC_PORT_CLOSED:
    case LPC_CLIENT_DIED: count(&gone); break;
    }
    AlpcFreeCompletionListMessage(list, message);
}

static void ask(void) {
    UNICODE_STRING name;
    HANDLE port = NULL;
    RtlInitUnicodeString(&name, NAME);
    must(NtAlpcConnectPort(&port, &name, NULL, NULL, ALPC_MSGFLG_SYNC_REQUEST, NULL, NULL, NULL, NULL, NULL, NULL),
         "NtAlpcConnectPort");
    for (int i = 0; i < QUESTIONS; i++) {
        MESSAGE message, reply;
        SIZE_T length = sizeof reply;
        memset(&message, 0, sizeof message);
        put(&message, "hello from C");
        must(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, NULL, &reply.header, &length,
                                       NULL, NULL),
             "asking");
        if (memcmp(reply.text, message.text, strlen("hello from C")) != 0) exit(1);
    }
    NtClose(port);
}

int main(int argument_count, char **words) {
    int clients = argument_count == 2 ? atoi(words[1]) : 3;
    pid_t children[CLIENTS_MAX];
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES object;
    HANDLE port = NULL;
    PTP_ALPC completion = NULL;
    if (clients < 1 || clients > CLIENTS_MAX) return 2;
    RtlInitUnicodeString(&name, NAME);
    InitializeObjectAttributes(&object, &name, 0, NULL, NULL);
    must(NtAlpcCreatePort(&port, &object, NULL), "NtAlpcCreatePort");
    // The memory is the list's until it is unregistered; at most two callbacks at once.
    must(AlpcRegisterCompletionList(port, list, sizeof list, 2, 0), "AlpcRegisterCompletionList");
    must(TpAllocAlpcCompletion(&completion, port, on_message, port, NULL), "TpAllocAlpcCompletion");
    TpAlpcRegisterCompletionList(completion);

    for (int i = 0; i < clients; i++)
        if ((children[i] = fork()) == 0) {
            ask();
            return 0;
        }
    pthread_mutex_lock(&lock);
    while (gone < clients) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);

    TpAlpcUnregisterCompletionList(completion); // no callback runs any more
    must(AlpcUnregisterCompletionList(port), "AlpcUnregisterCompletionList");
    TpReleaseAlpcCompletion(completion);
    NtClose(port);
    int failed = 0;
    for (int i = 0; i < clients; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        failed += status != 0;
    }
    printf("%d clients, %d answers\n", clients, answered);
    return failed;
}
