// SPDX-License-Identifier: MIT OR Apache-2.0
// A client of win32_server.c: asks one question for each argument, and prints the answers.
#include <cabotage/win32pipe.h>
#include <stdio.h>
#include <string.h>

#define NAME u"\\\\.\\pipe\\cabotage-example"

// Opens the pipe, waiting for an instance if all are busy, and for the server if it has not begun.
static HANDLE open_pipe(void) {
    for (int attempts = 0; attempts < 600; attempts++) {
        HANDLE pipe = CreateFileW(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE) return pipe;
        switch (GetLastError()) {
        case ERROR_PIPE_BUSY:
            WaitNamedPipeW(NAME, 1000); // Another client may still be quicker: then once more.
            break;
        case ERROR_FILE_NOT_FOUND:
            Sleep(50);
            break;
        default:
            return INVALID_HANDLE_VALUE;
        }
    }
    return INVALID_HANDLE_VALUE;
}

int main(int argc, char **argv) {
    HANDLE pipe = open_pipe();
    DWORD mode = PIPE_READMODE_MESSAGE;
    if (pipe == INVALID_HANDLE_VALUE || !SetNamedPipeHandleState(pipe, &mode, NULL, NULL)) {
        fprintf(stderr, "no pipe: error %u\n", (unsigned)GetLastError());
        return 1;
    }
    for (int at = 1; at < argc; at++) {
        char answer[1024];
        DWORD bytes;
        if (!TransactNamedPipe(pipe, argv[at], (DWORD)strlen(argv[at]), answer, sizeof answer, &bytes, NULL)) {
            fprintf(stderr, "no answer: error %u\n", (unsigned)GetLastError());
            return 1;
        }
        printf("%.*s\n", (int)bytes, answer);
    }
    CloseHandle(pipe);
    return 0;
}
