// SPDX-License-Identifier: MIT OR Apache-2.0
// Two anonymous pipes to a child, which inherits exactly its two ends: by a list, as programs do that start several
// children at once. The child may be any program; here it is tr.
//
//     cc win32_child.c $(pkg-config --cflags --libs cabotage-win32) -o child && ./child
#include <cabotage/win32pipe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *call) {
    fprintf(stderr, "%s: error %u\n", call, (unsigned)GetLastError());
    exit(1);
}

int main(void) {
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
    HANDLE child_reads, we_write, we_read, child_writes;
    if (!CreatePipe(&child_reads, &we_write, &inheritable, 0)) fail("CreatePipe");
    if (!CreatePipe(&we_read, &child_writes, &inheritable, 0)) fail("CreatePipe");
    // Ours are not for the child: while it had them, the end of the file would never come.
    if (!SetHandleInformation(we_write, HANDLE_FLAG_INHERIT, 0)) fail("SetHandleInformation");
    if (!SetHandleInformation(we_read, HANDLE_FLAG_INHERIT, 0)) fail("SetHandleInformation");

    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    STARTUPINFOEXA info;
    memset(&info, 0, sizeof info);
    info.StartupInfo.cb = sizeof info;
    info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    info.StartupInfo.hStdInput = child_reads;
    info.StartupInfo.hStdOutput = child_writes;
    info.StartupInfo.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    info.lpAttributeList = (LPPROC_THREAD_ATTRIBUTE_LIST)malloc(size);
    if (!InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &size)) fail("InitializeProcThreadAttributeList");
    HANDLE list[] = {child_reads, child_writes};
    if (!UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, list, sizeof list, NULL, NULL))
        fail("UpdateProcThreadAttribute");

    char line[] = "tr a-z A-Z";
    PROCESS_INFORMATION child;
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, EXTENDED_STARTUPINFO_PRESENT, NULL, NULL, &info.StartupInfo, &child))
        fail("CreateProcess");
    DeleteProcThreadAttributeList(info.lpAttributeList);
    free(info.lpAttributeList);
    CloseHandle(child_reads);
    CloseHandle(child_writes);

    DWORD bytes;
    if (!WriteFile(we_write, "Greetings\n", 10, &bytes, NULL)) fail("WriteFile");
    CloseHandle(we_write); // The last writer: the child finds the end of the file.
    char text[64];
    while (ReadFile(we_read, text, sizeof text, &bytes, NULL)) printf("%.*s", (int)bytes, text);
    if (GetLastError() != ERROR_BROKEN_PIPE) fail("ReadFile");
    CloseHandle(we_read);

    DWORD code;
    if (WaitForSingleObject(child.hProcess, INFINITE) != WAIT_OBJECT_0) fail("WaitForSingleObject");
    if (!GetExitCodeProcess(child.hProcess, &code)) fail("GetExitCodeProcess");
    printf("the child ended with %u\n", (unsigned)code);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return 0;
}
