// SPDX-License-Identifier: MIT OR Apache-2.0
// Links: by a name, and as a pair of which a child gets the other end; who is there, and how it ended.
#include "words.h"

static void by_name(void) {
    cabotage_link *link = NULL;
    char buffer[64];
    size_t bytes = 0;
    pid_t child = check_fork();
    if (child == 0) {
        WHEN_THERE(cabotage_link_connect("c-link", SOON, &link, &error));
        OK(cabotage_link_send(link, "ahoy", 4, SOON, &error));
        OK(cabotage_link_receive(link, buffer, sizeof buffer, &bytes, SOON, &error));
        CHECK(bytes == 4 && memcmp(buffer, "AHOY", 4) == 0);
        raise(SIGKILL);
    }
    cabotage_listener *listener = NULL, *other = NULL;
    OK(cabotage_listener_publish("c-link", SOON, &listener, &error));
    IS(cabotage_listener_publish("c-link", CABOTAGE_NOW, &other, &error), CABOTAGE_EXISTS);
    OK(cabotage_listener_accept(listener, SOON, &link, &error));
    OK(cabotage_link_receive(link, buffer, sizeof buffer, &bytes, SOON, &error));
    int32_t pid = 0;
    uint32_t uid = 1, gid = 1;
    OK(cabotage_link_peer(link, &pid, &uid, &gid, &error));
    CHECK_EQ(pid, child);
    CHECK(uid == getuid() && gid == getgid());
    for (size_t i = 0; i < bytes; i++) buffer[i] = (char)(buffer[i] - 'a' + 'A');
    OK(cabotage_link_send(link, buffer, bytes, SOON, &error));
    IS(cabotage_link_receive(link, buffer, sizeof buffer, &bytes, SOON, &error), CABOTAGE_DIED);
    CHECK(waitpid(child, NULL, 0) == child);
    // Nobody comes.
    cabotage_link *nobody = NULL;
    IS(cabotage_listener_accept(listener, CABOTAGE_MS(5), &nobody, &error), CABOTAGE_TIMED_OUT);
    cabotage_link_free(link);
    cabotage_listener_free(listener);
}

static void by_descriptor(void) {
    cabotage_link *link = NULL;
    int other = -1;
    size_t bytes = 0;
    static char large[100000], back[100000];
    OK(cabotage_link_pair(&link, &other, &error));
    pid_t child = check_fork();
    if (child == 0) {
        cabotage_link *own = NULL;
        // The parent's end is not here.
        IS(cabotage_link_send(link, "x", 1, CABOTAGE_NOW, &error), CABOTAGE_FORKED);
        OK(cabotage_link_from_descriptor(other, &own, &error));
        OK(cabotage_link_receive(own, large, sizeof large, &bytes, SOON, &error));
        OK(cabotage_link_send(own, large, bytes, SOON, &error));
        cabotage_link_free(own);
        _exit(0);
    }
    CHECK(close(other) == 0);
    memset(large, 'l', sizeof large);
    OK(cabotage_link_send(link, large, sizeof large, SOON, &error));
    OK(cabotage_link_receive(link, back, sizeof back, &bytes, SOON, &error));
    CHECK(bytes == sizeof back && memcmp(large, back, bytes) == 0);
    IS(cabotage_link_receive(link, back, sizeof back, &bytes, SOON, &error), CABOTAGE_CLOSED);
    check_ended_well(child);
    cabotage_link_free(link);
    IS(cabotage_link_from_descriptor(-1, &link, &error), CABOTAGE_INVALID);
}

int main(void) {
    by_name();
    by_descriptor();
    return 0;
}
