// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 2.8, anonymous pipes and inheritance. The children are this program again, told what to do by arguments.
#include "pipes.h"

static const char *own_program;
static DWORD count;
static char buffer[256];

static HANDLE handle_of(const char *text) { return (HANDLE)(uintptr_t)strtoull(text, NULL, 10); }

// All that is written until the pipe breaks.
static void expect_all(HANDLE from, const char *text) {
    char all[64];
    DWORD got = 0;
    while (ReadFile(from, all + got, (DWORD)sizeof all - got, &count, NULL)) got += count;
    CHECK_EQ(GetLastError(), ERROR_BROKEN_PIPE);
    CHECK_EQ(got, strlen(text));
    CHECK(memcmp(all, text, got) == 0);
}

static HANDLE start(const char *arguments, BOOL inherit, DWORD flags, STARTUPINFOEXA *info) {
    char line[512];
    snprintf(line, sizeof line, "\"%s\" %s", own_program, arguments);
    PROCESS_INFORMATION made;
    OK(CreateProcessA(NULL, line, NULL, NULL, inherit, flags, NULL, NULL, &info->StartupInfo, &made));
    CHECK(made.dwProcessId > 0);
    OK(CloseHandle(made.hThread));
    return made.hProcess;
}

static STARTUPINFOEXA plain(void) {
    STARTUPINFOEXA info;
    memset(&info, 0, sizeof info);
    info.StartupInfo.cb = sizeof info.StartupInfo;
    return info;
}

static void expect_exit(HANDLE process, DWORD code) {
    DWORD found;
    CHECK_EQ(WaitForSingleObject(process, LONG_MS), WAIT_OBJECT_0);
    OK(GetExitCodeProcess(process, &found));
    CHECK_EQ(found, code);
    OK(CloseHandle(process));
}

static void a_pipe_keeps_what_was_written_until_it_is_read(void) {
    HANDLE reader, writer;
    OK(CreatePipe(&reader, &writer, NULL, 0));
    DWORD flags, out, in, max, available, left;
    OK(GetNamedPipeInfo(reader, &flags, &out, &in, &max));
    CHECK_EQ(flags, PIPE_SERVER_END | PIPE_TYPE_BYTE);
    CHECK_EQ(out, 4096);
    CHECK_EQ(max, 1);
    OK(PeekNamedPipe(reader, NULL, 0, NULL, &available, NULL));
    CHECK_EQ(available, 0);
    send_text(writer, "some data");
    OK(PeekNamedPipe(reader, buffer, 4, &count, &available, &left));
    CHECK_EQ(count, 4);
    CHECK_EQ(available, 9);
    CHECK_EQ(left, 0u - 4u);
    CHECK(memcmp(buffer, "some", 4) == 0);
    FAILS(ERROR_ACCESS_DENIED, ReadFile(writer, buffer, 1, &count, NULL));
    FAILS(ERROR_ACCESS_DENIED, WriteFile(reader, "x", 1, &count, NULL));
    FAILS(ERROR_INVALID_FUNCTION, ConnectNamedPipe(reader, NULL));
    OK(CloseHandle(writer));
    expect_text(reader, "some data");
    FAILS(ERROR_BROKEN_PIPE, ReadFile(reader, buffer, 1, &count, NULL));
    FAILS(ERROR_BROKEN_PIPE, PeekNamedPipe(reader, NULL, 0, NULL, NULL, NULL));
    OK(CloseHandle(reader));

    OK(CreatePipe(&reader, &writer, NULL, 1)); // A size is honoured as reported.
    OK(GetNamedPipeInfo(writer, &flags, &out, NULL, NULL));
    CHECK_EQ(flags, PIPE_CLIENT_END);
    CHECK_EQ(out, 1);
    DWORD mode = PIPE_NOWAIT;
    OK(SetNamedPipeHandleState(reader, &mode, NULL, NULL));
    FAILS(ERROR_NO_DATA, ReadFile(reader, buffer, 1, &count, NULL));
    OK(CloseHandle(reader));
    FAILS(ERROR_NO_DATA, WriteFile(writer, "x", 1, &count, NULL)); // An error, and no signal.
    OK(CloseHandle(writer));
}

static void *read_one(void *reader) {
    char byte;
    DWORD got;
    FAILS(ERROR_OPERATION_ABORTED, ReadFile((HANDLE)reader, &byte, 1, &got, NULL));
    return NULL;
}

static void a_read_that_waits_is_cancelled(void) {
    HANDLE reader, writer;
    OK(CreatePipe(&reader, &writer, NULL, 0));
    pthread_t thread = start_thread(read_one, reader);
    while (!CancelIoEx(reader, NULL)) {
        CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
        Sleep(1);
    }
    join_thread(thread);
    OK(CloseHandle(reader));
    OK(CloseHandle(writer));
}

static void marks(void) {
    HANDLE reader, writer;
    DWORD flags;
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    OK(CreatePipe(&reader, &writer, &inheritable, 0));
    OK(GetHandleInformation(reader, &flags));
    CHECK_EQ(flags, HANDLE_FLAG_INHERIT);
    OK(SetHandleInformation(reader, HANDLE_FLAG_INHERIT, 0));
    OK(GetHandleInformation(reader, &flags));
    CHECK_EQ(flags, 0);
    OK(SetHandleInformation(reader, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE));
    FAILS(ERROR_INVALID_HANDLE, CloseHandle(reader));
    OK(SetHandleInformation(reader, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
    FAILS(ERROR_INVALID_PARAMETER, SetHandleInformation(reader, 4, 4));
    HANDLE copy;
    OK(DuplicateHandle(GetCurrentProcess(), writer, GetCurrentProcess(), &copy, 0, FALSE,
                       DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE));
    FAILS(ERROR_INVALID_HANDLE, WriteFile(writer, "x", 1, &count, NULL));
    OK(GetHandleInformation(copy, &flags));
    CHECK_EQ(flags, 0);
    send_text(copy, "copied");
    expect_text(reader, "copied");
    OK(CloseHandle(reader));
    OK(CloseHandle(copy));
}

static void a_child_that_inherits_has_the_marked_handles_under_their_values(void) {
    HANDLE to_child, parent_writes, parent_reads, from_child;
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    OK(CreatePipe(&to_child, &parent_writes, &inheritable, 0));
    OK(CreatePipe(&parent_reads, &from_child, &inheritable, 0));
    OK(SetHandleInformation(parent_writes, HANDLE_FLAG_INHERIT, 0));
    OK(SetHandleInformation(parent_reads, HANDLE_FLAG_INHERIT, 0));
    char arguments[128];
    snprintf(arguments, sizeof arguments, "echo %zu %zu %zu", (size_t)to_child, (size_t)from_child, (size_t)parent_reads);
    STARTUPINFOEXA info = plain();
    HANDLE child = start(arguments, TRUE, 0, &info);
    OK(CloseHandle(to_child));
    OK(CloseHandle(from_child));
    send_text(parent_writes, "to the child");
    expect_text(parent_reads, "TO THE CHILD");
    DWORD code;
    OK(GetExitCodeProcess(child, &code));
    CHECK_EQ(code, STILL_ACTIVE);
    CHECK_EQ(WaitForSingleObject(child, 0), WAIT_TIMEOUT);
    OK(CloseHandle(parent_writes)); // The end of the file comes: nobody else has it.
    FAILS(ERROR_BROKEN_PIPE, ReadFile(parent_reads, buffer, 1, &count, NULL));
    expect_exit(child, 7);
    OK(CloseHandle(parent_reads));
}

static void a_child_that_inherits_nothing_has_nothing(void) {
    HANDLE reader, writer;
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    OK(CreatePipe(&reader, &writer, &inheritable, 0));
    char arguments[64];
    snprintf(arguments, sizeof arguments, "lacks %zu %zu", (size_t)reader, (size_t)writer);
    STARTUPINFOEXA info = plain();
    expect_exit(start(arguments, FALSE, 0, &info), 0);
    OK(CloseHandle(reader));
    OK(CloseHandle(writer));
}

static void a_list_narrows_what_is_inherited(void) {
    HANDLE reader, writer;
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    OK(CreatePipe(&reader, &writer, &inheritable, 0));
    SIZE_T size = 0;
    FAILS(ERROR_INSUFFICIENT_BUFFER, InitializeProcThreadAttributeList(NULL, 1, 0, &size));
    CHECK(size > 0);
    STARTUPINFOEXA info = plain();
    info.StartupInfo.cb = sizeof info;
    info.lpAttributeList = (LPPROC_THREAD_ATTRIBUTE_LIST)malloc(size);
    OK(InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &size));
    DWORD_PTR attribute = PROC_THREAD_ATTRIBUTE_HANDLE_LIST;
    FAILS(ERROR_BAD_LENGTH, UpdateProcThreadAttribute(info.lpAttributeList, 0, attribute, &writer, 3, NULL, NULL));
    FAILS(ERROR_NOT_SUPPORTED, UpdateProcThreadAttribute(info.lpAttributeList, 0, 5, &writer, 8, NULL, NULL));
    OK(UpdateProcThreadAttribute(info.lpAttributeList, 0, attribute, &writer, sizeof writer, NULL, NULL));
    FAILS(ERROR_OBJECT_NAME_EXISTS,
          UpdateProcThreadAttribute(info.lpAttributeList, 0, attribute, &writer, sizeof writer, NULL, NULL));

    char arguments[64];
    snprintf(arguments, sizeof arguments, "listed %zu %zu", (size_t)writer, (size_t)reader);
    HANDLE child = start(arguments, TRUE, EXTENDED_STARTUPINFO_PRESENT, &info);
    expect_text(reader, "listed");
    expect_exit(child, 0);

    // What is listed must be inheritable, and the child must inherit.
    PROCESS_INFORMATION made;
    char line[512];
    snprintf(line, sizeof line, "\"%s\" nothing", own_program);
    FAILS(ERROR_INVALID_PARAMETER, CreateProcessA(NULL, line, NULL, NULL, FALSE, EXTENDED_STARTUPINFO_PRESENT, NULL,
                                                  NULL, &info.StartupInfo, &made));
    OK(SetHandleInformation(writer, HANDLE_FLAG_INHERIT, 0));
    FAILS(ERROR_INVALID_PARAMETER, CreateProcessA(NULL, line, NULL, NULL, TRUE, EXTENDED_STARTUPINFO_PRESENT, NULL,
                                                  NULL, &info.StartupInfo, &made));
    DeleteProcThreadAttributeList(info.lpAttributeList);
    free(info.lpAttributeList);
    OK(CloseHandle(reader));
    OK(CloseHandle(writer));
}

static void standard_streams_are_given_by_handle(void) {
    HANDLE reader, writer;
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    OK(CreatePipe(&reader, &writer, &inheritable, 0));
    OK(SetHandleInformation(reader, HANDLE_FLAG_INHERIT, 0));
    STARTUPINFOEXA info = plain();
    info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    info.StartupInfo.hStdOutput = writer;
    info.StartupInfo.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    HANDLE child = start("prints \"with a space\" \\\"quoted\\\"", TRUE, 0, &info);
    OK(CloseHandle(writer));
    expect_all(reader, "with a space|\"quoted\"");
    expect_exit(child, 0);
    OK(CloseHandle(reader));
}

static void wide_texts_and_an_environment(void) {
    HANDLE reader, writer;
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    OK(CreatePipe(&reader, &writer, &inheritable, 0));
    OK(SetHandleInformation(reader, HANDLE_FLAG_INHERIT, 0));
    STARTUPINFOW info;
    memset(&info, 0, sizeof info);
    info.cb = sizeof info;
    info.dwFlags = STARTF_USESTDHANDLES;
    info.hStdOutput = writer;
    WCHAR line[] = u"sh -c \"printf '%s' \\\"$GREETING, $0\\\"; pwd\" w\u00f6rld";
    WCHAR variables[] = u"GREETING=Hell\u00f6\0PATH=/bin:/usr/bin\0";
    PROCESS_INFORMATION made;
    OK(CreateProcessW(u"/bin/sh", line, NULL, NULL, TRUE, CREATE_UNICODE_ENVIRONMENT, variables, u"/", &info, &made));
    OK(CloseHandle(writer));
    expect_all(reader, "Hell\xc3\xb6, w\xc3\xb6rld/\n");
    OK(CloseHandle(made.hThread));
    expect_exit(made.hProcess, 0);
    OK(CloseHandle(reader));
}

static void what_cannot_be_started_or_inherited_says_so(void) {
    PROCESS_INFORMATION made;
    STARTUPINFOEXA info = plain();
    char missing[] = "/no/such/program";
    FAILS(ERROR_FILE_NOT_FOUND, CreateProcessA(missing, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &info.StartupInfo, &made));
    char folder[] = "/tmp";
    FAILS(ERROR_ACCESS_DENIED, CreateProcessA(folder, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &info.StartupInfo, &made));
    FAILS(ERROR_INVALID_PARAMETER, CreateProcessA(NULL, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &info.StartupInfo, &made));
    FAILS(ERROR_NOT_SUPPORTED, CreateProcessA("/bin/true", NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                                              &info.StartupInfo, &made));
    // The end of a named pipe is memory of this process.
    Pair pair = make_pair(0, 0);
    OK(SetHandleInformation(pair.client, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
    FAILS(ERROR_NOT_SUPPORTED, CreateProcessA("/bin/true", NULL, NULL, NULL, TRUE, 0, NULL, NULL, &info.StartupInfo, &made));
    close_pair(pair);
}

static void a_child_that_is_ended_has_the_code_it_was_ended_with(void) {
    STARTUPINFOEXA info = plain();
    HANDLE child = start("sleeps", FALSE, 0, &info);
    CHECK_EQ(WaitForSingleObject(child, 1), WAIT_TIMEOUT);
    OK(TerminateProcess(child, 42));
    CHECK_EQ(WaitForSingleObject(child, LONG_MS), WAIT_OBJECT_0);
    FAILS(ERROR_ACCESS_DENIED, TerminateProcess(child, 43));
    expect_exit(child, 42);
}

static void a_forked_child_has_none_of_the_handles_and_can_make_new_ones(void) {
    HANDLE reader, writer;
    OK(CreatePipe(&reader, &writer, NULL, 0));
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    OVERLAPPED read = with_event();
    PENDS(ReadFile(pair.server, buffer, 8, NULL, &read));
    pid_t child = check_fork();
    if (child == 0) {
        FAILS(ERROR_INVALID_HANDLE, WriteFile(writer, "x", 1, &count, NULL));
        FAILS(ERROR_INVALID_HANDLE, WriteFile(pair.client, "x", 1, &count, NULL));
        FAILS(ERROR_INVALID_HANDLE, CloseHandle(reader));
        FAILS(ERROR_INVALID_HANDLE, SetEvent(read.hEvent));
        HANDLE own_reader, own_writer;
        OK(CreatePipe(&own_reader, &own_writer, NULL, 0));
        send_text(own_writer, "own");
        expect_text(own_reader, "own");
        Pair own = make_pair(FILE_FLAG_OVERLAPPED, 0); // With a pump of its own.
        OVERLAPPED own_read = with_event();
        PENDS(ReadFile(own.client, buffer, 8, NULL, &own_read));
        send_text(own.server, "here");
        expect_result(own.client, &own_read, 0, 4);
        for (;;) pause(); // Its parent's pipe ends although it lives.
    }
    OK(CloseHandle(writer));
    FAILS(ERROR_BROKEN_PIPE, ReadFile(reader, buffer, 1, &count, NULL));
    send_text(pair.client, "x");
    expect_result(pair.server, &read, 0, 1);
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, NULL, 0) == child);
    OK(CloseHandle(reader));
    OK(CloseHandle(read.hEvent));
    close_pair(pair);
}

static int play(int argc, char **argv) {
    if (strcmp(argv[1], "echo") == 0) {
        HANDLE reads = handle_of(argv[2]), writes = handle_of(argv[3]);
        CHECK(argc == 5);
        FAILS(ERROR_INVALID_HANDLE, CloseHandle(handle_of(argv[4])));
        DWORD got;
        while (ReadFile(reads, buffer, sizeof buffer, &got, NULL)) {
            for (DWORD at = 0; at < got; at++) {
                if (buffer[at] >= 'a') buffer[at] = (char)(buffer[at] - 32);
            }
            OK(WriteFile(writes, buffer, got, &got, NULL));
        }
        CHECK_EQ(GetLastError(), ERROR_BROKEN_PIPE);
        return 7;
    }
    if (strcmp(argv[1], "lacks") == 0) {
        for (int at = 2; at < argc; at++) FAILS(ERROR_INVALID_HANDLE, CloseHandle(handle_of(argv[at])));
        return 0;
    }
    if (strcmp(argv[1], "listed") == 0) {
        FAILS(ERROR_INVALID_HANDLE, CloseHandle(handle_of(argv[3])));
        send_text(handle_of(argv[2]), "listed");
        return 0;
    }
    if (strcmp(argv[1], "prints") == 0) {
        send_text(GetStdHandle(STD_OUTPUT_HANDLE), argv[2]);
        send_text(GetStdHandle(STD_OUTPUT_HANDLE), "|");
        send_text(GetStdHandle(STD_OUTPUT_HANDLE), argv[3]);
        FAILS(ERROR_INVALID_HANDLE, GetStdHandle(5) != INVALID_HANDLE_VALUE);
        return 0;
    }
    for (;;) pause();
}

int main(int argc, char **argv) {
    own_program = argv[0];
    if (argc > 1) return play(argc, argv);
    a_pipe_keeps_what_was_written_until_it_is_read();
    a_read_that_waits_is_cancelled();
    marks();
    a_child_that_inherits_has_the_marked_handles_under_their_values();
    a_child_that_inherits_nothing_has_nothing();
    a_list_narrows_what_is_inherited();
    standard_streams_are_given_by_handle();
    wide_texts_and_an_environment();
    what_cannot_be_started_or_inherited_says_so();
    a_child_that_is_ended_has_the_code_it_was_ended_with();
    a_forked_child_has_none_of_the_handles_and_can_make_new_ones();
    return 0;
}
