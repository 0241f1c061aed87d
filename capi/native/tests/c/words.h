// SPDX-License-Identifier: MIT OR Apache-2.0
// Short words for the programs beside this file.
#ifndef WORDS_H
#define WORDS_H

#include <cabotage.h>

#include "check.h"

#define SOON CABOTAGE_MS(30000)

static cabotage_error *error;

// The call must succeed; if not, its words are told.
#define OK(call)                                                                               \
    do {                                                                                       \
        int code_ = (call);                                                                    \
        if (code_ != CABOTAGE_OK) {                                                            \
            fprintf(stderr, "%s:%d: %s: %d, %s\n", __FILE__, __LINE__, #call, code_,           \
                    cabotage_error_message(error));                                            \
            _exit(1);                                                                          \
        }                                                                                      \
    } while (0)

// The call must answer this code, with words.
#define IS(call, code)                                       \
    do {                                                     \
        error = NULL;                                        \
        CHECK_EQ(call, code);                                \
        CHECK_EQ(cabotage_error_code(error), code);          \
        CHECK(strlen(cabotage_error_message(error)) > 10);   \
        cabotage_error_free(error);                          \
        error = NULL;                                        \
    } while (0)

// As long as nobody has the name, who looks for it tries again.
#define WHEN_THERE(call)                                             \
    do {                                                             \
        int looked_;                                                   \
        while ((looked_ = (call)) == CABOTAGE_MISSING) {               \
            cabotage_error_free(error);                              \
            error = NULL;                                            \
            usleep(5000);                                            \
        }                                                            \
        if (looked_ != CABOTAGE_OK) OK(looked_);                         \
    } while (0)

#endif
