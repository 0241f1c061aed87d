// SPDX-License-Identifier: MIT OR Apache-2.0
// Separate processes under load: clients that ask and check each answer, clients that are killed in the middle, and a
// server of two threads at one completion port that goes on.
#include "pipes.h"

#define MESSAGES (PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE)
#define INSTANCES 4
#define CLIENTS 5
#define VICTIMS 5
#define QUESTIONS 200
#define BYTES_MAX 6000

typedef enum { CONNECTING, READING, WRITING } Step;

typedef struct {
    OVERLAPPED overlapped;
    HANDLE pipe;
    Step step;
    unsigned char message[BYTES_MAX];
} Instance;

static Instance instances[INSTANCES];
static HANDLE port;

static HANDLE join_in(void) {
    for (;;) {
        HANDLE made = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (made != INVALID_HANDLE_VALUE) {
            DWORD mode = PIPE_READMODE_MESSAGE;
            OK(SetNamedPipeHandleState(made, &mode, NULL, NULL));
            return made;
        }
        if (GetLastError() == ERROR_PIPE_BUSY) {
            WaitNamedPipeA(NAME, LONG_MS);
        } else {
            CHECK_EQ(GetLastError(), ERROR_FILE_NOT_FOUND);
            Sleep(1);
        }
    }
}

// Asks with messages of many lengths, most of them beyond the quota, now and then by a new connection.
static void ask(unsigned seed, int questions) {
    static unsigned char question[BYTES_MAX], answer[BYTES_MAX];
    HANDLE pipe = join_in();
    for (int at = 0; questions < 0 || at < questions; at++) {
        seed = seed * 1103515245u + 12345u;
        DWORD bytes = 1 + (seed >> 8) % (BYTES_MAX - 1), got;
        for (DWORD byte = 0; byte < bytes; byte++) question[byte] = (unsigned char)(seed + byte * 31);
        OK(TransactNamedPipe(pipe, question, bytes, answer, sizeof answer, &got, NULL));
        CHECK_EQ(got, bytes);
        for (DWORD byte = 0; byte < bytes; byte++) CHECK(answer[byte] == (unsigned char)~question[byte]);
        if (at % 50 == 49) {
            OK(CloseHandle(pipe));
            pipe = join_in();
        }
    }
    OK(CloseHandle(pipe));
}

static void tell_self(Instance *instance) { OK(PostQueuedCompletionStatus(port, 0, 1, &instance->overlapped)); }

static void listen_on(Instance *instance) {
    instance->step = CONNECTING;
    CHECK(!ConnectNamedPipe(instance->pipe, &instance->overlapped));
    switch (GetLastError()) {
    case ERROR_IO_PENDING:
        return;
    case ERROR_PIPE_CONNECTED:
        tell_self(instance);
        return;
    default:
        CHECK_EQ(GetLastError(), ERROR_NO_DATA); // It has come and gone.
        OK(DisconnectNamedPipe(instance->pipe));
        listen_on(instance);
    }
}

static void begin(Instance *instance, BOOL is_begun) {
    if (is_begun || GetLastError() == ERROR_IO_PENDING) return;
    CHECK(GetLastError() == ERROR_BROKEN_PIPE || GetLastError() == ERROR_NO_DATA);
    OK(DisconnectNamedPipe(instance->pipe));
    listen_on(instance);
}

static void *serve(void *unused) {
    (void)unused;
    for (;;) {
        DWORD bytes;
        ULONG_PTR key;
        LPOVERLAPPED told;
        BOOL is_well = GetQueuedCompletionStatus(port, &bytes, &key, &told, LONG_MS);
        CHECK(told != NULL || is_well);
        if (key == 99) return NULL;
        Instance *instance = (Instance *)told;
        if (!is_well) {
            CHECK(GetLastError() == ERROR_BROKEN_PIPE || GetLastError() == ERROR_NO_DATA);
            OK(DisconnectNamedPipe(instance->pipe));
            listen_on(instance);
        } else if (instance->step == READING) {
            instance->step = WRITING;
            for (DWORD at = 0; at < bytes; at++) instance->message[at] = (unsigned char)~instance->message[at];
            begin(instance, WriteFile(instance->pipe, instance->message, bytes, NULL, &instance->overlapped));
        } else {
            instance->step = READING;
            begin(instance, ReadFile(instance->pipe, instance->message, BYTES_MAX, NULL, &instance->overlapped));
        }
    }
}

int main(void) {
    pid_t clients[CLIENTS], victims[VICTIMS];
    for (int at = 0; at < CLIENTS; at++) {
        clients[at] = check_fork();
        if (clients[at] == 0) {
            ask(17u * (unsigned)at + 1, QUESTIONS);
            _exit(0);
        }
    }
    for (int at = 0; at < VICTIMS; at++) {
        victims[at] = check_fork();
        if (victims[at] == 0) ask(1000u + (unsigned)at, -1);
    }
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 2);
    OK(port != NULL);
    for (int at = 0; at < INSTANCES; at++) {
        instances[at].pipe = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, MESSAGES, INSTANCES,
                                              512, 512, 0, NULL);
        OK(instances[at].pipe != INVALID_HANDLE_VALUE);
        CHECK(CreateIoCompletionPort(instances[at].pipe, port, 0, 0) == port);
        listen_on(&instances[at]);
    }
    pthread_t threads[2] = {start_thread(serve, NULL), start_thread(serve, NULL)};
    for (int at = 0; at < VICTIMS; at++) { // At any moment of theirs.
        Sleep(20);
        CHECK(kill(victims[at], SIGKILL) == 0);
        CHECK(waitpid(victims[at], NULL, 0) == victims[at]);
    }
    for (int at = 0; at < CLIENTS; at++) check_ended_well(clients[at]);
    for (int at = 0; at < 2; at++) OK(PostQueuedCompletionStatus(port, 0, 99, NULL));
    for (int at = 0; at < 2; at++) join_thread(threads[at]);
    for (int at = 0; at < INSTANCES; at++) OK(CloseHandle(instances[at].pipe));
    OK(CloseHandle(port));
    return 0;
}
