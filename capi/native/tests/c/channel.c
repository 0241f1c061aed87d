// SPDX-License-Identifier: MIT OR Apache-2.0
// A producer and a consumer in two processes: records in their order, the end of both kinds, an event loop.
#include <poll.h>

#include "words.h"

enum { RECORDS = 1000 };

static void produce(const char *name, int trusting) {
    cabotage_producer *producer = NULL;
    OK(trusting ? cabotage_producer_create_trusting(name, &producer, &error)
                : cabotage_producer_create(name, &producer, &error));
    char record[32];
    for (int i = 0; i < RECORDS; i++) {
        snprintf(record, sizeof record, "record %d", i);
        OK(cabotage_producer_send(producer, record, strlen(record), SOON, &error));
    }
    OK(cabotage_producer_wait_until_consumed(producer, SOON, &error));
    cabotage_producer_free(producer);
    _exit(0);
}

static cabotage_consumer *consume(const char *name, int trusting) {
    cabotage_consumer *consumer = NULL;
    WHEN_THERE(trusting ? cabotage_consumer_open_trusting(name, &consumer, &error)
                        : cabotage_consumer_open(name, &consumer, &error));
    char record[32], wanted[32];
    size_t bytes = 0;
    for (int i = 0; i < RECORDS; i++) {
        snprintf(wanted, sizeof wanted, "record %d", i);
        if (i == 7) { // what does not fit stays
            IS(cabotage_consumer_receive(consumer, record, 3, &bytes, SOON, &error), CABOTAGE_TOO_SMALL);
            CHECK_EQ(bytes, strlen(wanted));
        }
        int descriptor = -1, is_ready = 0;
        OK(cabotage_consumer_prepare_wait(consumer, &descriptor, &is_ready, &error));
        if (!is_ready) {
            struct pollfd watched = {descriptor, POLLIN, 0};
            CHECK(poll(&watched, 1, 30000) == 1);
        }
        OK(cabotage_consumer_receive(consumer, record, sizeof record, &bytes, SOON, &error));
        CHECK(bytes == strlen(wanted) && memcmp(record, wanted, bytes) == 0);
    }
    IS(cabotage_consumer_receive(consumer, record, sizeof record, &bytes, SOON, &error), CABOTAGE_CLOSED);
    return consumer;
}

int main(void) {
    for (int trusting = 0; trusting < 2; trusting++) {
        char name[64];
        snprintf(name, sizeof name, "/cabotage-c-%d-%d", (int)getpid(), trusting);
        pid_t child = check_fork();
        if (child == 0) produce(name, trusting);
        cabotage_consumer *consumer = consume(name, trusting);
        check_ended_well(child);
        // The producer is gone, and with it the guarded form's name.
        OK(cabotage_consumer_remove(consumer, &error));
    }
    return 0;
}
