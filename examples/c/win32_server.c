// SPDX-License-Identifier: MIT OR Apache-2.0
// A server of a named pipe as programs for Windows write it: four instances, one thread, one completion port. It answers
// each message with the same in capitals, and ends after as many as its argument says.
//
//     cc win32_server.c $(pkg-config --cflags --libs cabotage-win32) -o server && ./server 3 &
//     cc win32_client.c $(pkg-config --cflags --libs cabotage-win32) -o client && ./client ahoy there captain
#include <cabotage/win32pipe.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "\\\\.\\pipe\\cabotage-example"
#define INSTANCES 4

typedef enum { CONNECTING, READING, WRITING } Step;

typedef struct {
    OVERLAPPED overlapped; // First, so that its address is that of the instance.
    HANDLE pipe;
    Step step;
    char message[1024];
} Instance;

static void fail(const char *call) {
    fprintf(stderr, "%s: error %u\n", call, (unsigned)GetLastError());
    exit(1);
}

static Instance *instance_of(LPOVERLAPPED overlapped) { return (Instance *)overlapped; }

// Begins to wait for a client, or finds one there.
static void listen_on(HANDLE port, Instance *instance) {
    instance->step = CONNECTING;
    if (ConnectNamedPipe(instance->pipe, &instance->overlapped)) return;
    switch (GetLastError()) {
    case ERROR_IO_PENDING:
        return;
    case ERROR_PIPE_CONNECTED: // It came before we asked: nothing will be told, so we tell ourselves.
        if (!PostQueuedCompletionStatus(port, 0, 0, &instance->overlapped)) fail("PostQueuedCompletionStatus");
        return;
    default:
        fail("ConnectNamedPipe");
    }
}

// Throws a client out that has gone, and waits for the next.
static void next_client(HANDLE port, Instance *instance) {
    if (!DisconnectNamedPipe(instance->pipe)) fail("DisconnectNamedPipe");
    listen_on(port, instance);
}

static void begin_read(HANDLE port, Instance *instance) {
    instance->step = READING;
    BOOL is_begun = ReadFile(instance->pipe, instance->message, sizeof instance->message, NULL, &instance->overlapped);
    if (!is_begun && GetLastError() != ERROR_IO_PENDING) next_client(port, instance);
}

static void begin_answer(HANDLE port, Instance *instance, DWORD bytes) {
    instance->step = WRITING;
    for (DWORD at = 0; at < bytes; at++) instance->message[at] = (char)toupper((unsigned char)instance->message[at]);
    BOOL is_begun = WriteFile(instance->pipe, instance->message, bytes, NULL, &instance->overlapped);
    if (!is_begun && GetLastError() != ERROR_IO_PENDING) next_client(port, instance);
}

int main(int argc, char **argv) {
    long left = argc > 1 ? atol(argv[1]) : -1;
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (port == NULL) fail("CreateIoCompletionPort");
    static Instance instances[INSTANCES];
    for (int at = 0; at < INSTANCES; at++) {
        instances[at].pipe = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                              PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS,
                                              INSTANCES, 4096, 4096, 0, NULL);
        if (instances[at].pipe == INVALID_HANDLE_VALUE) fail("CreateNamedPipe");
        if (CreateIoCompletionPort(instances[at].pipe, port, 0, 0) == NULL) fail("CreateIoCompletionPort");
        listen_on(port, &instances[at]);
    }
    while (left != 0) {
        DWORD bytes;
        ULONG_PTR key;
        LPOVERLAPPED overlapped;
        BOOL is_well = GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE);
        if (overlapped == NULL) fail("GetQueuedCompletionStatus");
        Instance *instance = instance_of(overlapped);
        if (!is_well) { // Most often the client has closed its end.
            next_client(port, instance);
        } else if (instance->step == READING) {
            begin_answer(port, instance, bytes);
        } else {
            if (instance->step == WRITING && left > 0) left--;
            begin_read(port, instance);
        }
    }
    for (int at = 0; at < INSTANCES; at++) {
        FlushFileBuffers(instances[at].pipe); // What was answered is read before the end goes.
        CloseHandle(instances[at].pipe);
    }
    CloseHandle(port);
    return 0;
}
