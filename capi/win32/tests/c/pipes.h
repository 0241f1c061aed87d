// SPDX-License-Identifier: MIT OR Apache-2.0
// What the conformance programs share: ends of pipes, and checks that tell the code of a call that went otherwise.
#ifndef PIPES_H
#define PIPES_H

#include <cabotage/win32pipe.h>
#include <check.h>
#include <pthread.h>

#define NAME "\\\\.\\pipe\\conformance"
#define LONG_MS 60000

// The call succeeds.
#define OK(call)                                                                                            \
    do {                                                                                                    \
        if (!(call)) {                                                                                      \
            fprintf(stderr, "%s:%d: %s failed with %u\n", __FILE__, __LINE__, #call, (unsigned)GetLastError()); \
            _exit(1);                                                                                       \
        }                                                                                                   \
    } while (0)

// The call fails with this code.
#define FAILS(code, call)                   \
    do {                                    \
        SetLastError(0xDEAD);               \
        CHECK(!(call));                     \
        CHECK_EQ(GetLastError(), code);     \
    } while (0)

// The call makes no handle, and says this code.
#define NO_HANDLE(code, call)                   \
    do {                                        \
        SetLastError(0xDEAD);                   \
        CHECK((call) == INVALID_HANDLE_VALUE);  \
        CHECK_EQ(GetLastError(), code);         \
    } while (0)

static inline HANDLE make_server(DWORD open_mode, DWORD pipe_mode) {
    HANDLE made = CreateNamedPipeA(NAME, open_mode, pipe_mode, PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, NULL);
    OK(made != INVALID_HANDLE_VALUE);
    return made;
}

static inline HANDLE make_client(DWORD flags) {
    HANDLE made = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);
    OK(made != INVALID_HANDLE_VALUE);
    return made;
}

typedef struct {
    HANDLE server, client;
} Pair;

// Both ends of a pipe; messages are read as messages at both.
static inline Pair make_pair(DWORD flags, DWORD pipe_mode) {
    Pair pair;
    pair.server = make_server(PIPE_ACCESS_DUPLEX | flags, pipe_mode);
    pair.client = make_client(flags);
    if (pipe_mode & PIPE_READMODE_MESSAGE) {
        DWORD mode = PIPE_READMODE_MESSAGE;
        OK(SetNamedPipeHandleState(pair.client, &mode, NULL, NULL));
    }
    return pair;
}

static inline void close_pair(Pair pair) {
    OK(CloseHandle(pair.client));
    OK(CloseHandle(pair.server));
}

static inline void send_text(HANDLE to, const char *text) {
    DWORD written = 0;
    OK(WriteFile(to, text, (DWORD)strlen(text), &written, NULL));
    CHECK_EQ(written, strlen(text));
}

static inline void expect_text(HANDLE from, const char *text) {
    char buffer[256];
    DWORD got = 0;
    OK(ReadFile(from, buffer, sizeof buffer, &got, NULL));
    CHECK_EQ(got, strlen(text));
    CHECK(memcmp(buffer, text, got) == 0);
}

static inline OVERLAPPED with_event(void) {
    OVERLAPPED overlapped;
    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    OK(overlapped.hEvent != NULL);
    return overlapped;
}

// The call is under way.
#define PENDS(call) FAILS(ERROR_IO_PENDING, call)

// The operation ends so, within a minute.
static inline void expect_result(HANDLE file, OVERLAPPED *overlapped, DWORD code, DWORD bytes) {
    DWORD got = 0xDEAD;
    CHECK_EQ(WaitForSingleObject(overlapped->hEvent, LONG_MS), WAIT_OBJECT_0);
    if (code == 0) {
        OK(GetOverlappedResult(file, overlapped, &got, FALSE));
    } else {
        FAILS(code, GetOverlappedResult(file, overlapped, &got, FALSE));
    }
    CHECK_EQ(got, bytes);
}

static inline void expect_pending(OVERLAPPED *overlapped) {
    CHECK(!HasOverlappedIoCompleted(overlapped));
    CHECK_EQ(WaitForSingleObject(overlapped->hEvent, 0), WAIT_TIMEOUT);
}

// Runs a function in a thread of its own.
static inline pthread_t start_thread(void *(*run)(void *), void *argument) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, argument) == 0);
    return thread;
}

static inline void *join_thread(pthread_t thread) {
    void *answer = NULL;
    CHECK(pthread_join(thread, &answer) == 0);
    return answer;
}

#endif
