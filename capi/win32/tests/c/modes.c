// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 2.4, type, read mode, peek, zero length.
#include "pipes.h"

#define MESSAGES (PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE)

static char buffer[64];
static DWORD count, available, left;

static void set_mode(HANDLE end, DWORD mode) { OK(SetNamedPipeHandleState(end, &mode, NULL, NULL)); }

static void a_client_begins_in_byte_read_mode(void) {
    HANDLE server = make_server(PIPE_ACCESS_DUPLEX, MESSAGES), client = make_client(0);
    DWORD state;
    OK(GetNamedPipeHandleStateA(client, &state, NULL, NULL, NULL, NULL, 0));
    CHECK_EQ(state, PIPE_READMODE_BYTE | PIPE_WAIT);
    OK(GetNamedPipeHandleStateW(server, &state, NULL, NULL, NULL, NULL, 0));
    CHECK_EQ(state, PIPE_READMODE_MESSAGE);
    OK(CloseHandle(client));
    OK(CloseHandle(server));

    Pair pair = make_pair(0, 0);
    DWORD mode = PIPE_READMODE_MESSAGE;
    FAILS(ERROR_INVALID_PARAMETER, SetNamedPipeHandleState(pair.client, &mode, NULL, NULL));
    mode = 8;
    FAILS(ERROR_INVALID_PARAMETER, SetNamedPipeHandleState(pair.client, &mode, NULL, NULL));
    FAILS(ERROR_INVALID_PARAMETER, SetNamedPipeHandleState(pair.client, NULL, &mode, NULL));
    OK(SetNamedPipeHandleState(pair.client, NULL, NULL, NULL));
    close_pair(pair);
}

static void a_read_of_bytes_crosses_the_borders_of_messages(void) {
    Pair pair = make_pair(0, MESSAGES);
    set_mode(pair.client, PIPE_READMODE_BYTE);
    send_text(pair.server, "abc");
    send_text(pair.server, "def");
    expect_text(pair.client, "abcdef");
    close_pair(pair);
}

static void a_message_that_is_too_long_leaves_its_rest_in_the_pipe(void) {
    Pair pair = make_pair(0, MESSAGES);
    send_text(pair.server, "long message");
    send_text(pair.server, "next");
    FAILS(ERROR_MORE_DATA, ReadFile(pair.client, buffer, 4, &count, NULL));
    CHECK_EQ(count, 4);
    CHECK(memcmp(buffer, "long", 4) == 0);
    expect_text(pair.client, " message");
    expect_text(pair.client, "next");
    close_pair(pair);
}

static void the_same_overlapped_counts_in_the_structure(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, MESSAGES);
    OVERLAPPED read = with_event();
    PENDS(ReadFile(pair.client, buffer, 4, &count, &read));
    CHECK_EQ(count, 0);
    send_text(pair.server, "long message");
    expect_result(pair.client, &read, ERROR_MORE_DATA, 4);
    CHECK_EQ(read.Internal, 0x80000005);
    CHECK_EQ(read.InternalHigh, 4);
    // At once.
    FAILS(ERROR_MORE_DATA, ReadFile(pair.client, buffer, 4, NULL, &read));
    expect_result(pair.client, &read, ERROR_MORE_DATA, 4);
    expect_text(pair.client, "sage");
    OK(CloseHandle(read.hEvent));
    close_pair(pair);
}

static void a_peek_sees_the_first_message_and_counts_all(void) {
    Pair pair = make_pair(0, MESSAGES);
    send_text(pair.server, "first");
    send_text(pair.server, "second");
    for (int mode = 0; mode < 2; mode++) { // By the type of the pipe, not by the read mode.
        set_mode(pair.client, mode ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE);
        OK(PeekNamedPipe(pair.client, buffer, 3, &count, &available, &left));
        CHECK_EQ(count, 3);
        CHECK(memcmp(buffer, "fir", 3) == 0);
        CHECK_EQ(available, 11);
        CHECK_EQ(left, 2);
        OK(PeekNamedPipe(pair.client, buffer, sizeof buffer, &count, NULL, &left));
        CHECK_EQ(count, 5);
        CHECK_EQ(left, 0);
        OK(PeekNamedPipe(pair.client, NULL, 0, NULL, &available, &left));
        CHECK_EQ(available, 11);
        CHECK_EQ(left, 5);
    }
    expect_text(pair.client, "first");
    expect_text(pair.client, "second");
    close_pair(pair);
}

static void a_peek_into_a_pipe_of_bytes_counts_what_is_left_from_0_down(void) {
    Pair pair = make_pair(0, 0);
    send_text(pair.server, "bytes");
    OK(PeekNamedPipe(pair.client, buffer, 2, &count, &available, &left));
    CHECK_EQ(count, 2);
    CHECK_EQ(available, 5);
    CHECK_EQ(left, 0u - 2u);
    expect_text(pair.client, "bytes");
    close_pair(pair);
}

static void a_write_of_nothing_is_an_empty_message(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, MESSAGES);
    OVERLAPPED read = with_event();
    PENDS(ReadFile(pair.client, buffer, sizeof buffer, NULL, &read));
    OK(WriteFile(pair.server, NULL, 0, &count, NULL));
    expect_result(pair.client, &read, 0, 0);
    OK(WriteFile(pair.server, "", 0, &count, NULL));
    OK(PeekNamedPipe(pair.client, NULL, 0, NULL, &available, NULL));
    CHECK_EQ(available, 0);
    OK(ReadFile(pair.client, buffer, sizeof buffer, &count, NULL));
    CHECK_EQ(count, 0);
    OK(CloseHandle(read.hEvent));
    close_pair(pair);

    pair = make_pair(FILE_FLAG_OVERLAPPED, 0); // Of bytes it is nothing.
    OK(WriteFile(pair.server, NULL, 0, &count, NULL));
    send_text(pair.server, "x");
    expect_text(pair.client, "x");
    close_pair(pair);
}

static void a_read_of_nothing_waits_for_something_and_leaves_it(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    OVERLAPPED read = with_event();
    PENDS(ReadFile(pair.client, NULL, 0, NULL, &read));
    send_text(pair.server, "data");
    expect_result(pair.client, &read, 0, 0);
    expect_text(pair.client, "data");
    OK(CloseHandle(read.hEvent));
    close_pair(pair);

    pair = make_pair(0, MESSAGES);
    send_text(pair.server, "data");
    FAILS(ERROR_MORE_DATA, ReadFile(pair.client, NULL, 0, &count, NULL));
    expect_text(pair.client, "data");
    close_pair(pair);
}

int main(void) {
    a_client_begins_in_byte_read_mode();
    a_read_of_bytes_crosses_the_borders_of_messages();
    a_message_that_is_too_long_leaves_its_rest_in_the_pipe();
    the_same_overlapped_counts_in_the_structure();
    a_peek_sees_the_first_message_and_counts_all();
    a_peek_into_a_pipe_of_bytes_counts_what_is_left_from_0_down();
    a_write_of_nothing_is_an_empty_message();
    a_read_of_nothing_waits_for_something_and_leaves_it();
    return 0;
}
