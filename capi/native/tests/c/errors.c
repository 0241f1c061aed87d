// SPDX-License-Identifier: MIT OR Apache-2.0
// Errors: codes and words; handles and pointers that can't be; two threads on one handle; errno.
#include <pthread.h>

#include "words.h"

static cabotage_listener *listener;

static void *accept_for_a_while(void *started) {
    cabotage_link *link = NULL;
    *(volatile int *)started = 1;
    CHECK_EQ(cabotage_listener_accept(listener, CABOTAGE_MS(300), &link, NULL), CABOTAGE_TIMED_OUT);
    return NULL;
}

int main(void) {
    CHECK(strcmp(cabotage_version(), "0.1.0") == 0);
    CHECK(cabotage_error_code(NULL) == CABOTAGE_OK && cabotage_error_message(NULL) != NULL);
    cabotage_error_free(NULL);
    errno = 1234;
    cabotage_link *link = NULL;
    IS(cabotage_link_connect("nobody-has-this-name", CABOTAGE_NOW, &link, &error), CABOTAGE_MISSING);
    IS(cabotage_link_connect(NULL, CABOTAGE_NOW, &link, &error), CABOTAGE_INVALID);
    IS(cabotage_link_connect("a/b", CABOTAGE_NOW, &link, &error), CABOTAGE_INVALID);
    CHECK(link == NULL && errno == 1234);
    // Nobody wants the words.
    CHECK_EQ(cabotage_link_connect("nobody-has-this-name", CABOTAGE_NOW, &link, NULL), CABOTAGE_MISSING);
    IS(cabotage_link_send(NULL, "x", 1, CABOTAGE_NOW, &error), CABOTAGE_INVALID);

    int other = -1;
    OK(cabotage_link_pair(&link, &other, &error));
    IS(cabotage_link_send(link, NULL, 1, CABOTAGE_NOW, &error), CABOTAGE_INVALID);
    IS(cabotage_link_pair(NULL, &other, &error), CABOTAGE_INVALID);
    size_t bytes = 0;
    char buffer[8];
    IS(cabotage_link_receive(link, NULL, 8, &bytes, CABOTAGE_NOW, &error), CABOTAGE_INVALID);
    IS(cabotage_link_receive(link, buffer, sizeof buffer, &bytes, CABOTAGE_MS(5), &error), CABOTAGE_TIMED_OUT);
    // A handle of another kind.
    IS(cabotage_shm_bytes((cabotage_shm *)(void *)link, &bytes, &error), CABOTAGE_INVALID);
    cabotage_link_free(link);

    OK(cabotage_listener_publish("c-errors", SOON, &listener, &error));
    pthread_t thread;
    volatile int started = 0;
    CHECK(pthread_create(&thread, NULL, accept_for_a_while, (void *)&started) == 0);
    int seen_busy = 0, descriptor = -1;
    while (!seen_busy) {
        int code = cabotage_listener_descriptor(listener, &descriptor, NULL);
        CHECK(code == CABOTAGE_OK || code == CABOTAGE_BUSY);
        seen_busy = code == CABOTAGE_BUSY;
        if (started > 100000) break;
        if (started) started++;
        usleep(100);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(seen_busy);
    cabotage_listener_free(listener);
    return 0;
}
