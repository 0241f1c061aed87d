// SPDX-License-Identifier: MIT OR Apache-2.0
// Threads that do anything to handles that others close at the same moment: each call answers, none crashes or hangs, and
// each operation that was under way is told of.
#include "pipes.h"

#define THREADS 4
#define STEPS 1500
#define SHARED 12

typedef struct {
    OVERLAPPED overlapped;
    char buffer[8];
    BOOL is_under_way;
} Operation;

static HANDLE shared[SHARED];
static Operation operations[THREADS][STEPS];

static HANDLE pick(unsigned *seed) {
    *seed = *seed * 1103515245u + 12345u;
    unsigned at = (*seed >> 16) % (SHARED + 2);
    if (at < SHARED) return __atomic_load_n(&shared[at], __ATOMIC_RELAXED);
    return (HANDLE)(uintptr_t)((*seed >> 8) % 512); // Any number.
}

static void publish(unsigned *seed, HANDLE handle) {
    *seed = *seed * 1103515245u + 12345u;
    HANDLE former = __atomic_exchange_n(&shared[(*seed >> 16) % SHARED], handle, __ATOMIC_RELAXED);
    CloseHandle(former); // Another may have closed it.
}

static void make_pipe(unsigned *seed) {
    HANDLE server = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_MESSAGE, 255, 64, 64, 0, NULL);
    if (server == INVALID_HANDLE_VALUE) return;
    HANDLE client =
        CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    publish(seed, server);
    if (client != INVALID_HANDLE_VALUE) publish(seed, client);
}

static void one_step(unsigned *seed, Operation *operation) {
    DWORD count;
    HANDLE handle = pick(seed), second;
    switch ((*seed >> 4) % 12) {
    case 0:
        make_pipe(seed);
        break;
    case 1:
        CloseHandle(handle);
        break;
    case 2:
    case 3:
        if (!ReadFile(handle, operation->buffer, 8, NULL, &operation->overlapped))
            operation->is_under_way = GetLastError() == ERROR_IO_PENDING;
        break;
    case 4:
    case 5:
        if (!WriteFile(handle, operation->buffer, 8, NULL, &operation->overlapped))
            operation->is_under_way = GetLastError() == ERROR_IO_PENDING;
        break;
    case 6:
        if (!ConnectNamedPipe(handle, &operation->overlapped))
            operation->is_under_way = GetLastError() == ERROR_IO_PENDING;
        break;
    case 7:
        DisconnectNamedPipe(handle);
        break;
    case 8:
        CancelIoEx(handle, NULL);
        break;
    case 9:
        if (DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &second, 0, FALSE, DUPLICATE_SAME_ACCESS))
            publish(seed, second);
        break;
    case 10:
        PeekNamedPipe(handle, operation->buffer, 8, &count, NULL, NULL);
        WaitForSingleObject(handle, 0);
        break;
    default:
        publish(seed, CreateEventA(NULL, TRUE, FALSE, NULL));
        SetEvent(handle);
        GetNamedPipeInfo(handle, &count, NULL, NULL, NULL);
    }
}

static void *play(void *number) {
    size_t thread = (size_t)(uintptr_t)number;
    unsigned seed = 77u + (unsigned)thread;
    for (int at = 0; at < STEPS; at++) one_step(&seed, &operations[thread][at]);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (uintptr_t at = 0; at < THREADS; at++) threads[at] = start_thread(play, (void *)at);
    for (int at = 0; at < THREADS; at++) join_thread(threads[at]);
    // Whatever is left: values in the table are small, and this ends every operation.
    for (int at = 0; at < SHARED; at++) CloseHandle(shared[at]);
    for (uintptr_t value = 4; value < 4u << 20; value += 4) CloseHandle((HANDLE)value);
    for (uintptr_t uses = 1; uses < 64; uses++) {
        for (uintptr_t at = 1; at < 4096; at++) CloseHandle((HANDLE)(uses << 22 | at << 2));
    }
    int told = 0;
    for (int thread = 0; thread < THREADS; thread++) {
        for (int at = 0; at < STEPS; at++) {
            Operation *operation = &operations[thread][at];
            if (!operation->is_under_way) continue;
            while (!HasOverlappedIoCompleted(&operation->overlapped)) Sleep(1);
            told++;
        }
    }
    CHECK(told > 0);
    return 0;
}
