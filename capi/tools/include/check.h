// SPDX-License-Identifier: MIT OR Apache-2.0
// What the C conformance programs share: checks that say where they failed, and children that don't outlive them.
#ifndef CABOTAGE_CHECK_H
#define CABOTAGE_CHECK_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// Ends the program with words unless the condition holds.
#define CHECK(condition)                                                                    \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);  \
            _exit(1);                                                                       \
        }                                                                                   \
    } while (0)

// The same for two numbers, which are told.
#define CHECK_EQ(found, wanted)                                                                            \
    do {                                                                                                   \
        long long found_ = (long long)(found), wanted_ = (long long)(wanted);                              \
        if (found_ != wanted_) {                                                                           \
            fprintf(stderr, "%s:%d: %s is %lld (0x%llx), not %lld (0x%llx)\n", __FILE__, __LINE__, #found, \
                    found_, (unsigned long long)found_, wanted_, (unsigned long long)wanted_);             \
            _exit(1);                                                                                      \
        }                                                                                                  \
    } while (0)

// Forks; the child dies with its parent. Answers as fork does.
static inline pid_t check_fork(void) {
    pid_t parent = getpid();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
        if (getppid() != parent) _exit(1);
    }
    return child;
}

// Waits for a child, which must end with 0.
static inline void check_ended_well(pid_t child) {
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}

#endif
