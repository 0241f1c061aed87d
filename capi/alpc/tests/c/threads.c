// SPDX-License-Identifier: MIT OR Apache-2.0
// Many threads on one port of either side: each request has its own answer, and closing wakes whoever waits.
#include "port.h"

enum { THREADS = 4, ROUNDS = 200 };

static HANDLE shared;

static void *ask_many(void *argument) {
    MESSAGE *message = (MESSAGE *)malloc(sizeof *message), *reply = (MESSAGE *)malloc(sizeof *reply);
    for (int i = 0; i < ROUNDS; i++) {
        char text[32];
        snprintf(text, sizeof text, "%d of %d", i, (int)(intptr_t)argument);
        say(message, text);
        OK(ask(shared, message, reply));
        CHECK(is_text(reply, text));
    }
    free(message);
    free(reply);
    return NULL;
}

static void *serve(void *argument) {
    MESSAGE *message = (MESSAGE *)malloc(sizeof *message);
    HANDLE port = argument;
    for (;;) {
        NTSTATUS status = receive_with(port, message, NULL, 60000);
        if (status == STATUS_PORT_DISCONNECTED || status == STATUS_INVALID_HANDLE) break;
        OK(status);
        if (LPC_TYPE(&message->header) == LPC_REQUEST) OK(send_to(port, message, 0)); // the same text back
    }
    free(message);
    return NULL;
}

static void run(void *(*act)(void *), HANDLE port, pthread_t *threads) {
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, act, port ? port : (void *)i) == 0);
}

static void join(pthread_t *threads) {
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(void) {
    pthread_t threads[THREADS];
    pid_t child = check_fork();
    if (child == 0) {
        shared = connect_port(u"\\threads", NULL);
        run(ask_many, NULL, threads);
        join(threads);
        OK(NtClose(shared));
        _exit(0);
    }
    HANDLE port = create_port(u"\\threads");
    HANDLE channel = let_in(port, NULL);
    run(serve, port, threads);
    check_ended_well(child);
    OK(NtClose(port));
    join(threads);
    OK(NtClose(channel));
    return 0;
}
