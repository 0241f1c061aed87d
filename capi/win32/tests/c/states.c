// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 2.2, the state machine: each operation in each state of both ends.
#include "pipes.h"

static char buffer[64];
static DWORD count;

#define READ(end) ReadFile(end, buffer, sizeof buffer, &count, NULL)
#define WRITE(end) WriteFile(end, "x", 1, &count, NULL)
#define PEEK(end) PeekNamedPipe(end, NULL, 0, NULL, &count, NULL)
#define TRANSACT(end) TransactNamedPipe(end, buffer, 1, buffer, sizeof buffer, &count, NULL)

#define MESSAGES (PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE)

static void a_server_that_listens(void) {
    HANDLE server = make_server(PIPE_ACCESS_DUPLEX, MESSAGES);
    FAILS(ERROR_PIPE_LISTENING, READ(server));
    FAILS(ERROR_PIPE_LISTENING, WRITE(server));
    FAILS(ERROR_BAD_PIPE, PEEK(server));
    FAILS(ERROR_BAD_PIPE, TRANSACT(server));
    OK(FlushFileBuffers(server));
    FAILS(ERROR_PIPE_LISTENING, DisconnectNamedPipe(server));
    OK(GetNamedPipeInfo(server, NULL, NULL, NULL, NULL));
    DWORD mode = PIPE_NOWAIT | PIPE_READMODE_MESSAGE;
    OK(SetNamedPipeHandleState(server, &mode, NULL, NULL));
    FAILS(ERROR_PIPE_LISTENING, ConnectNamedPipe(server, NULL));
    OK(CloseHandle(server));
}

static void ends_that_are_connected(void) {
    Pair pair = make_pair(0, MESSAGES);
    FAILS(ERROR_PIPE_CONNECTED, ConnectNamedPipe(pair.server, NULL));
    FAILS(ERROR_INVALID_FUNCTION, ConnectNamedPipe(pair.client, NULL));
    FAILS(ERROR_INVALID_FUNCTION, DisconnectNamedPipe(pair.client));
    OK(PEEK(pair.server));
    CHECK_EQ(count, 0);
    OK(WRITE(pair.server));
    OK(READ(pair.client));
    OK(FlushFileBuffers(pair.server));
    close_pair(pair);
}

static void an_end_whose_other_end_is_closed(void) {
    for (int side = 0; side < 2; side++) {
        Pair pair = make_pair(0, MESSAGES);
        HANDLE closed = side ? pair.client : pair.server, left = side ? pair.server : pair.client;
        OK(WRITE(closed));
        OK(CloseHandle(closed));
        OK(PEEK(left));
        CHECK_EQ(count, 1);
        OK(READ(left)); // What was written before stays readable.
        CHECK_EQ(count, 1);
        FAILS(ERROR_BROKEN_PIPE, READ(left));
        FAILS(ERROR_NO_DATA, WRITE(left));
        FAILS(ERROR_BROKEN_PIPE, PEEK(left));
        FAILS(ERROR_BAD_PIPE, TRANSACT(left));
        OK(FlushFileBuffers(left));
        OK(GetNamedPipeInfo(left, NULL, NULL, NULL, NULL));
        if (side) {
            FAILS(ERROR_NO_DATA, ConnectNamedPipe(left, NULL));
            OK(DisconnectNamedPipe(left));
        }
        OK(CloseHandle(left));
    }
}

static void ends_that_are_disconnected(void) {
    Pair pair = make_pair(0, MESSAGES);
    OK(WRITE(pair.server));
    OK(WRITE(pair.client));
    OK(DisconnectNamedPipe(pair.server)); // All that is unread is lost, both ways.
    FAILS(ERROR_PIPE_NOT_CONNECTED, READ(pair.server));
    FAILS(ERROR_PIPE_NOT_CONNECTED, WRITE(pair.server));
    FAILS(ERROR_BAD_PIPE, PEEK(pair.server));
    FAILS(ERROR_BAD_PIPE, TRANSACT(pair.server));
    OK(FlushFileBuffers(pair.server));
    FAILS(ERROR_PIPE_NOT_CONNECTED, DisconnectNamedPipe(pair.server));
    OK(GetNamedPipeInfo(pair.server, NULL, NULL, NULL, NULL));

    FAILS(ERROR_PIPE_NOT_CONNECTED, READ(pair.client));
    FAILS(ERROR_PIPE_NOT_CONNECTED, WRITE(pair.client));
    FAILS(ERROR_PIPE_NOT_CONNECTED, PEEK(pair.client));
    FAILS(ERROR_PIPE_NOT_CONNECTED, TRANSACT(pair.client));
    FAILS(ERROR_PIPE_NOT_CONNECTED, FlushFileBuffers(pair.client));
    FAILS(ERROR_PIPE_NOT_CONNECTED, GetNamedPipeInfo(pair.client, NULL, NULL, NULL, NULL));
    DWORD mode = PIPE_READMODE_MESSAGE;
    FAILS(ERROR_PIPE_NOT_CONNECTED, SetNamedPipeHandleState(pair.client, &mode, NULL, NULL));
    OK(CloseHandle(pair.client));
    OK(CloseHandle(pair.server));
}

static void an_instance_listens_again_after_it_was_disconnected(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    OK(DisconnectNamedPipe(pair.server));
    OK(CloseHandle(pair.client));
    NO_HANDLE(ERROR_PIPE_BUSY, CreateFileA(NAME, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
    OVERLAPPED connect = with_event();
    CHECK_EQ(WaitForSingleObject(pair.server, 0), WAIT_OBJECT_0); // Signalled from its creation,
    PENDS(ConnectNamedPipe(pair.server, &connect));
    CHECK_EQ(WaitForSingleObject(pair.server, 0), WAIT_TIMEOUT); // until something is under way.
    expect_pending(&connect);
    pair.client = make_client(0);
    expect_result(pair.server, &connect, 0, 0);
    send_text(pair.client, "again");
    OVERLAPPED read = with_event();
    BOOL at_once = ReadFile(pair.server, buffer, sizeof buffer, NULL, &read);
    CHECK(at_once || GetLastError() == ERROR_IO_PENDING);
    expect_result(pair.server, &read, 0, 5);
    OK(CloseHandle(read.hEvent));
    OK(CloseHandle(connect.hEvent));
    close_pair(pair);
}

static void writes_and_flushes_under_way_end_as_the_other_end_does(void) {
    static char much[20000];
    for (int disconnects = 0; disconnects < 2; disconnects++) {
        Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
        HANDLE writer = disconnects ? pair.client : pair.server;
        OVERLAPPED write = with_event();
        PENDS(WriteFile(writer, much, sizeof much, NULL, &write));
        expect_pending(&write);
        if (disconnects) {
            OK(DisconnectNamedPipe(pair.server));
        } else {
            OK(CloseHandle(pair.client));
        }
        expect_result(writer, &write, disconnects ? ERROR_PIPE_NOT_CONNECTED : ERROR_BROKEN_PIPE, 0);
        OK(CloseHandle(write.hEvent));
        if (disconnects) OK(CloseHandle(pair.client));
        OK(CloseHandle(pair.server));
    }
}

static void a_client_that_has_closed_before_a_server_that_does_not_wait_notices(void) {
    HANDLE server = make_server(PIPE_ACCESS_DUPLEX, PIPE_NOWAIT);
    OK(CloseHandle(make_client(0)));
    FAILS(ERROR_NO_DATA, ConnectNamedPipe(server, NULL));
    FAILS(ERROR_NO_DATA, ConnectNamedPipe(server, NULL));
    OK(DisconnectNamedPipe(server));
    OK(ConnectNamedPipe(server, NULL)); // It begins to listen, and does not wait.
    FAILS(ERROR_PIPE_LISTENING, ConnectNamedPipe(server, NULL));
    HANDLE client = make_client(0);
    FAILS(ERROR_PIPE_CONNECTED, ConnectNamedPipe(server, NULL));
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void *connect_and_read(void *server) {
    OK(ConnectNamedPipe(server, NULL) || GetLastError() == ERROR_PIPE_CONNECTED);
    expect_text(server, "hello");
    return NULL;
}

static void a_call_that_waits_for_a_client_has_it_and_what_it_wrote(void) {
    HANDLE server = make_server(PIPE_ACCESS_DUPLEX, 0);
    pthread_t thread = start_thread(connect_and_read, server);
    HANDLE client = make_client(0);
    send_text(client, "hello");
    join_thread(thread);
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

int main(void) {
    a_server_that_listens();
    ends_that_are_connected();
    an_end_whose_other_end_is_closed();
    ends_that_are_disconnected();
    an_instance_listens_again_after_it_was_disconnected();
    writes_and_flushes_under_way_end_as_the_other_end_does();
    a_client_that_has_closed_before_a_server_that_does_not_wait_notices();
    a_call_that_waits_for_a_client_has_it_and_what_it_wrote();
    return 0;
}
