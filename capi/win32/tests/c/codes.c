// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 2.1, codes: the status that stands in an OVERLAPPED, and the code that GetLastError has for it; per thread,
// beside an errno that no call touches.
#include "pipes.h"

static DWORD status_of(const OVERLAPPED *overlapped) { return (DWORD)overlapped->Internal; }

static void a_cancelled_operation_has_its_status_and_its_code(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    char buffer[8];
    OVERLAPPED read = with_event();
    PENDS(ReadFile(pair.server, buffer, sizeof buffer, NULL, &read));
    CHECK_EQ(status_of(&read), 0x103);
    DWORD got;
    FAILS(ERROR_IO_INCOMPLETE, GetOverlappedResult(pair.server, &read, &got, FALSE));
    OK(CancelIo(pair.server));
    expect_result(pair.server, &read, ERROR_OPERATION_ABORTED, 0);
    CHECK_EQ(status_of(&read), 0xC0000120);
    OK(CloseHandle(read.hEvent));
    close_pair(pair);
}

static void a_broken_pipe_and_a_disconnected_one_are_told_apart(void) {
    char buffer[8];
    OVERLAPPED read = with_event();
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    PENDS(ReadFile(pair.server, buffer, sizeof buffer, NULL, &read));
    OK(CloseHandle(pair.client));
    expect_result(pair.server, &read, ERROR_BROKEN_PIPE, 0);
    CHECK_EQ(status_of(&read), 0xC000014B);
    OK(CloseHandle(pair.server));

    pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    PENDS(ReadFile(pair.client, buffer, sizeof buffer, NULL, &read));
    OK(DisconnectNamedPipe(pair.server));
    expect_result(pair.client, &read, ERROR_PIPE_NOT_CONNECTED, 0);
    CHECK_EQ(status_of(&read), 0xC00000B0);
    OK(CloseHandle(read.hEvent));
    close_pair(pair);
}

static void *other_thread(void *unused) {
    (void)unused;
    CHECK_EQ(GetLastError(), 0);
    FAILS(ERROR_INVALID_HANDLE, CloseHandle((HANDLE)4444));
    return NULL;
}

static void the_last_error_is_the_threads_own_and_errno_is_left_alone(void) {
    SetLastError(77);
    errno = 12;
    join_thread(start_thread(other_thread, NULL));
    CHECK_EQ(GetLastError(), 77);
    NO_HANDLE(ERROR_FILE_NOT_FOUND, CreateFileA("\\\\.\\pipe\\none", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
    CHECK_EQ(errno, 12);
    OK(CloseHandle(make_server(PIPE_ACCESS_DUPLEX, 0)));
    CHECK_EQ(GetLastError(), ERROR_FILE_NOT_FOUND); // Success changes nothing.
    CHECK_EQ(errno, 12);
}

static void pointers_that_cannot_be_are_refused(void) {
    Pair pair = make_pair(0, 0);
    DWORD count;
    FAILS(ERROR_INVALID_PARAMETER, ReadFile(pair.server, NULL, 4, &count, NULL));
    FAILS(ERROR_INVALID_PARAMETER, WriteFile(pair.server, NULL, 4, &count, NULL));
    FAILS(ERROR_INVALID_PARAMETER, ReadFile(pair.server, &count, 4, (LPDWORD)(uintptr_t)1, NULL));
    FAILS(ERROR_INVALID_PARAMETER, ReadFile(pair.server, &count, 4, &count, (LPOVERLAPPED)(uintptr_t)3));
    FAILS(ERROR_INVALID_PARAMETER, GetOverlappedResult(pair.server, NULL, &count, FALSE));
    FAILS(ERROR_INVALID_PARAMETER, CreatePipe(NULL, &pair.client, NULL, 0));
    close_pair(pair);
}

static void a_closed_handle_is_invalid_in_every_call(void) {
    Pair pair = make_pair(0, 0);
    DWORD count;
    char byte;
    close_pair(pair);
    FAILS(ERROR_INVALID_HANDLE, CloseHandle(pair.server));
    FAILS(ERROR_INVALID_HANDLE, ReadFile(pair.server, &byte, 1, &count, NULL));
    FAILS(ERROR_INVALID_HANDLE, WriteFile(pair.server, &byte, 1, &count, NULL));
    FAILS(ERROR_INVALID_HANDLE, ConnectNamedPipe(pair.server, NULL));
    FAILS(ERROR_INVALID_HANDLE, DisconnectNamedPipe(pair.server));
    FAILS(ERROR_INVALID_HANDLE, PeekNamedPipe(pair.server, NULL, 0, NULL, NULL, NULL));
    FAILS(ERROR_INVALID_HANDLE, FlushFileBuffers(pair.server));
    FAILS(ERROR_INVALID_HANDLE, GetNamedPipeInfo(pair.server, NULL, NULL, NULL, NULL));
    FAILS(ERROR_INVALID_HANDLE, CancelIo(pair.server));
    FAILS(ERROR_INVALID_HANDLE, CancelIoEx(pair.server, NULL));
    FAILS(ERROR_INVALID_HANDLE, SetEvent(pair.server));
    FAILS(ERROR_INVALID_HANDLE, GetHandleInformation(pair.server, &count));
    CHECK_EQ(WaitForSingleObject(pair.server, 0), WAIT_FAILED);
    CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
    FAILS(ERROR_INVALID_HANDLE, CloseHandle(NULL));
}

int main(void) {
    a_cancelled_operation_has_its_status_and_its_code();
    a_broken_pipe_and_a_disconnected_one_are_told_apart();
    the_last_error_is_the_threads_own_and_errno_is_left_alone();
    pointers_that_cannot_be_are_refused();
    a_closed_handle_is_invalid_in_every_call();
    return 0;
}
