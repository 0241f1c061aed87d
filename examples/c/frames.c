// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A producer and a consumer in two processes, with cabotage.h:
//     cc frames.c $(pkg-config --cflags --libs cabotage) -o frames && ./frames
// The consumer waits in an event loop of its own, as one does who waits for other things too. Either may be killed: the
// other is told, and whoever comes next goes on.
#include <cabotage.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Ends the program with the words of an error.
static void must(int code, cabotage_error *error) {
    if (code == CABOTAGE_OK) return;
    fprintf(stderr, "frames: %s\n", cabotage_error_message(error));
    exit(1);
}

static void produce(const char *name) {
    cabotage_error *error = NULL;
    cabotage_producer *frames = NULL;
    must(cabotage_producer_create(name, &frames, &error), error);
    for (int number = 1; number <= 5; number++) {
        char frame[64];
        int bytes = snprintf(frame, sizeof frame, "frame %d", number);
        must(cabotage_producer_send(frames, frame, (size_t)bytes, CABOTAGE_FOREVER, &error), error);
    }
    must(cabotage_producer_wait_until_consumed(frames, CABOTAGE_MS(60000), &error), error);
    cabotage_producer_free(frames); // the consumer is told that this was all
}

static void consume(const char *name) {
    cabotage_error *error = NULL;
    cabotage_consumer *frames = NULL;
    int code;
    while ((code = cabotage_consumer_open(name, &frames, &error)) == CABOTAGE_MISSING) {
        cabotage_error_free(error); // the producer is not there yet
        error = NULL;
        usleep(1000);
    }
    must(code, error);
    for (;;) {
        int descriptor = -1, is_ready = 0;
        must(cabotage_consumer_prepare_wait(frames, &descriptor, &is_ready, &error), error);
        if (!is_ready) {
            struct pollfd watched = {descriptor, POLLIN, 0};
            poll(&watched, 1, -1);
        }
        char frame[64];
        size_t bytes = 0;
        code = cabotage_consumer_receive(frames, frame, sizeof frame, &bytes, CABOTAGE_NOW, &error);
        if (code == CABOTAGE_CLOSED) break;
        if (code == CABOTAGE_TIMED_OUT) {
            cabotage_error_free(error); // somebody rang for nothing
            error = NULL;
            continue;
        }
        must(code, error);
        printf("%.*s\n", (int)bytes, frame);
    }
    cabotage_error_free(error);
    cabotage_consumer_free(frames);
}

int main(void) {
    char name[64];
    snprintf(name, sizeof name, "/cabotage-frames-%d", (int)getpid());
    pid_t child = fork();
    if (child == 0) {
        produce(name);
        return 0;
    }
    consume(name);
    int status = 0;
    waitpid(child, &status, 0);
    return status == 0 ? 0 : 1;
}
