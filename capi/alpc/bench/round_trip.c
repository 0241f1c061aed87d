// SPDX-License-Identifier: MIT OR Apache-2.0
// How long a question of 24 bytes and its answer take from C to C, by how the server comes to its messages: it waits at
// its port, at a completion port, or is called back, with a completion list and without. docs/c.md says how to run it.
#include <cabotage/alpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 7, DATA = 24, LIST_BYTES = 64 * 1024 };

typedef struct {
    PORT_MESSAGE header;
    char data[256];
} MESSAGE;

static HANDLE port;
static volatile int is_over;
static unsigned char list[LIST_BYTES] __attribute__((aligned(64)));

static void must(NTSTATUS status, const char *what) {
    if (status == STATUS_SUCCESS) return;
    fprintf(stderr, "round_trip: %s answered %#x\n", what, (unsigned)status);
    exit(1);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_time(const void *one, const void *two) {
    double a = *(const double *)one, b = *(const double *)two;
    return (a > b) - (a < b);
}

// The client: the median of some rounds, each of a tenth of a second.
static void ask(const char *what) {
    UNICODE_STRING name;
    HANDLE client = NULL;
    NTSTATUS status;
    double times[ROUNDS];
    RtlInitUnicodeString(&name, u"\\cabotage-bench");
    while ((status = NtAlpcConnectPort(&client, &name, NULL, NULL, ALPC_MSGFLG_SYNC_REQUEST, NULL, NULL, NULL, NULL,
                                       NULL, NULL)) == STATUS_OBJECT_NAME_NOT_FOUND)
        usleep(1000);
    must(status, "connecting");
    for (int round = 0; round < ROUNDS; round++) {
        int count = 0;
        double start = seconds(), now;
        do {
            for (int i = 0; i < 100; i++, count++) {
                MESSAGE message, reply;
                SIZE_T length = sizeof reply;
                memset(&message.header, 0, sizeof message.header);
                message.header.u1.s1.DataLength = DATA;
                message.header.u1.s1.TotalLength = sizeof(PORT_MESSAGE) + DATA;
                memset(message.data, count, DATA);
                must(NtAlpcSendWaitReceivePort(client, ALPC_MSGFLG_SYNC_REQUEST, &message.header, NULL, &reply.header,
                                               &length, NULL, NULL),
                     "asking");
            }
        } while ((now = seconds()) < start + 0.1);
        times[round] = (now - start) / count;
    }
    qsort(times, ROUNDS, sizeof *times, by_time);
    printf("%-32s %8.2f us\n", what, times[ROUNDS / 2] * 1e6);
    fflush(stdout);
    NtClose(client);
}

static void handle(PORT_MESSAGE *message) {
    HANDLE channel = NULL;
    switch (LPC_TYPE(message)) {
    case LPC_CONNECTION_REQUEST:
        message->u1.s1.DataLength = 0;
        must(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, message, NULL, TRUE), "accepting");
        break;
    case LPC_REQUEST:
        must(NtAlpcSendWaitReceivePort(port, 0, message, NULL, NULL, NULL, NULL, NULL), "answering");
        break;
    default: is_over = 1;
    }
}

// Receives once; with `timeout` null it waits.
static void receive(PLARGE_INTEGER timeout) {
    MESSAGE message;
    SIZE_T length = sizeof message;
    NTSTATUS status = NtAlpcSendWaitReceivePort(port, 0, NULL, NULL, &message.header, &length, NULL, timeout);
    if (status == STATUS_SUCCESS) handle(&message.header);
    else if (status != STATUS_TIMEOUT) must(status, "receiving");
}

static void wait_at_the_port(void) {
    while (!is_over) receive(NULL);
}

static void wait_at_a_completion_port(void) {
    HANDLE completion = NULL;
    LARGE_INTEGER now = {.QuadPart = 0};
    must(NtCreateIoCompletion(&completion, 0, NULL, 0), "NtCreateIoCompletion");
    ALPC_PORT_ASSOCIATE_COMPLETION_PORT association = {NULL, completion};
    must(NtAlpcSetInformation(port, AlpcAssociateCompletionPortInformation, &association, sizeof association),
         "associating");
    while (!is_over) {
        PVOID key, context;
        IO_STATUS_BLOCK status;
        must(NtRemoveIoCompletion(completion, &key, &context, &status, NULL), "NtRemoveIoCompletion");
        receive(&now);
    }
    NtClose(completion);
}

static void on_message(PTP_CALLBACK_INSTANCE instance, PVOID has_list, PTP_ALPC alpc) {
    LARGE_INTEGER now = {.QuadPart = 0};
    (void)instance;
    (void)alpc;
    if (has_list == NULL) {
        receive(&now);
        return;
    }
    PORT_MESSAGE *message = AlpcGetMessageFromCompletionList(list, NULL);
    if (message == NULL) return;
    handle(message);
    AlpcFreeCompletionListMessage(list, message);
}

static void be_called_back(int has_list) {
    PTP_ALPC completion = NULL;
    if (has_list) must(AlpcRegisterCompletionList(port, list, LIST_BYTES, 1, 0), "AlpcRegisterCompletionList");
    must(TpAllocAlpcCompletion(&completion, port, on_message, has_list ? list : NULL, NULL), "TpAllocAlpcCompletion");
    if (has_list) TpAlpcRegisterCompletionList(completion);
    while (!is_over) usleep(1000);
    TpWaitForAlpcCompletion(completion);
    TpReleaseAlpcCompletion(completion);
}

static void be_called_back_plainly(void) {
    be_called_back(0);
}

static void be_called_back_for_a_list(void) {
    be_called_back(1);
}

static void measure(const char *what, void (*serve)(void)) {
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES object;
    pid_t child = fork();
    if (child == 0) {
        ask(what);
        _exit(0);
    }
    is_over = 0;
    RtlInitUnicodeString(&name, u"\\cabotage-bench");
    InitializeObjectAttributes(&object, &name, 0, NULL, NULL);
    must(NtAlpcCreatePort(&port, &object, NULL), "NtAlpcCreatePort");
    serve();
    NtClose(port);
    waitpid(child, NULL, 0);
}

int main(void) {
    measure("waiting at the port", wait_at_the_port);
    measure("at a completion port", wait_at_a_completion_port);
    measure("callbacks", be_called_back_plainly);
    measure("callbacks for a list", be_called_back_for_a_list);
    return 0;
}
