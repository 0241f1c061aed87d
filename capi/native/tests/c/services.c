// SPDX-License-Identifier: MIT OR Apache-2.0
// A Mach port, an ALPC server and a named pipe, each asked by another process.
#include "words.h"

static char buffer[256];
static size_t bytes;

static void mach(void) {
    pid_t child = check_fork();
    if (child == 0) {
        cabotage_sender *sender = NULL;
        WHEN_THERE(cabotage_sender_look_up("c.example.shout", &sender, &error));
        OK(cabotage_sender_send(sender, "a note", 6, SOON, &error));
        OK(cabotage_sender_request(sender, "question", 8, buffer, sizeof buffer, &bytes, SOON, &error));
        CHECK(bytes == 6 && memcmp(buffer, "answer", 6) == 0);
        IS(cabotage_sender_request(sender, "unanswered", 10, buffer, sizeof buffer, &bytes, SOON, &error),
           CABOTAGE_DIED);
        cabotage_sender_free(sender);
        _exit(0);
    }
    cabotage_port *port = NULL;
    cabotage_question *question = NULL;
    OK(cabotage_port_check_in("c.example.shout", &port, &error));
    OK(cabotage_port_receive(port, buffer, sizeof buffer, &bytes, SOON, &question, &error));
    CHECK(question == NULL && bytes == 6 && memcmp(buffer, "a note", 6) == 0);
    IS(cabotage_port_receive(port, buffer, 2, &bytes, SOON, &question, &error), CABOTAGE_TOO_SMALL);
    CHECK_EQ(bytes, 8);
    OK(cabotage_port_receive(port, buffer, sizeof buffer, &bytes, SOON, &question, &error));
    CHECK(question != NULL && bytes == 8);
    OK(cabotage_question_answer(question, "answer", 6, &error));
    OK(cabotage_port_receive(port, buffer, sizeof buffer, &bytes, SOON, &question, &error));
    cabotage_question_free(question);
    check_ended_well(child);
    IS(cabotage_port_receive(port, buffer, sizeof buffer, &bytes, CABOTAGE_NOW, &question, &error),
       CABOTAGE_TIMED_OUT);
    cabotage_port_free(port);
}

static void alpc(void) {
    pid_t child = check_fork();
    if (child == 0) {
        cabotage_client *client = NULL;
        WHEN_THERE(cabotage_client_connect("c-echo", SOON, &client, &error));
        OK(cabotage_client_send(client, "datagram", 8, SOON, &error));
        OK(cabotage_client_request(client, "ping", 4, buffer, sizeof buffer, &bytes, SOON, &error));
        CHECK(bytes == 4 && memcmp(buffer, "pong", 4) == 0);
        IS(cabotage_client_request(client, "dropped", 7, buffer, sizeof buffer, &bytes, SOON, &error),
           CABOTAGE_REFUSED);
        IS(cabotage_client_request(client, "late", 4, buffer, sizeof buffer, &bytes, CABOTAGE_MS(10), &error),
           CABOTAGE_TIMED_OUT);
        OK(cabotage_client_send(client, "that was all", 12, SOON, &error));
        cabotage_client_free(client);
        _exit(0);
    }
    cabotage_server *server = NULL;
    cabotage_request *request = NULL;
    OK(cabotage_server_create("c-echo", &server, &error));
    OK(cabotage_server_receive(server, buffer, sizeof buffer, &bytes, SOON, &request, &error));
    CHECK(request == NULL && bytes == 8);
    OK(cabotage_server_receive(server, buffer, sizeof buffer, &bytes, SOON, &request, &error));
    CHECK(request != NULL && bytes == 4);
    OK(cabotage_server_reply(server, request, "pong", 4, SOON, &error));
    OK(cabotage_server_receive(server, buffer, sizeof buffer, &bytes, SOON, &request, &error));
    cabotage_request_free(request);
    OK(cabotage_server_receive(server, buffer, sizeof buffer, &bytes, SOON, &request, &error));
    CHECK(bytes == 4 && memcmp(buffer, "late", 4) == 0);
    cabotage_request *late = request;
    OK(cabotage_server_receive(server, buffer, sizeof buffer, &bytes, SOON, &request, &error));
    CHECK(request == NULL && bytes == 12);
    IS(cabotage_server_reply(server, late, "too late", 8, SOON, &error), CABOTAGE_CLOSED);
    check_ended_well(child);
    int descriptor = -1, is_ready = -1;
    OK(cabotage_server_prepare_wait(server, &descriptor, &is_ready, &error));
    CHECK(descriptor >= 0);
    cabotage_server_free(server);
}

static void pipes(void) {
    pid_t child = check_fork();
    if (child == 0) {
        cabotage_pipe *pipe = NULL;
        WHEN_THERE(cabotage_pipe_open("c-chat", 1, SOON, &pipe, &error));
        OK(cabotage_pipe_send(pipe, "first", 5, SOON, &error));
        OK(cabotage_pipe_send(pipe, "second", 6, SOON, &error));
        OK(cabotage_pipe_receive(pipe, buffer, sizeof buffer, &bytes, SOON, &error));
        CHECK(bytes == 6 && memcmp(buffer, "answer", 6) == 0);
        cabotage_pipe_free(pipe);
        WHEN_THERE(cabotage_pipe_open("c-bytes", 0, SOON, &pipe, &error));
        OK(cabotage_pipe_send(pipe, "bytes", 5, SOON, &error));
        OK(cabotage_pipe_flush(pipe, SOON, &error));
        cabotage_pipe_free(pipe);
        _exit(0);
    }
    cabotage_pipe *listening = NULL, *pipe = NULL;
    OK(cabotage_pipe_create("c-chat", 1, &listening, &error));
    OK(cabotage_pipe_accept(listening, SOON, &pipe, &error));
    IS(cabotage_pipe_receive(pipe, buffer, 2, &bytes, SOON, &error), CABOTAGE_TOO_SMALL);
    CHECK_EQ(bytes, 5);
    OK(cabotage_pipe_receive(pipe, buffer, sizeof buffer, &bytes, SOON, &error));
    CHECK(bytes == 5 && memcmp(buffer, "first", 5) == 0);
    OK(cabotage_pipe_receive(pipe, buffer, sizeof buffer, &bytes, SOON, &error));
    CHECK(bytes == 6 && memcmp(buffer, "second", 6) == 0);
    OK(cabotage_pipe_send(pipe, "answer", 6, SOON, &error));
    IS(cabotage_pipe_receive(pipe, buffer, sizeof buffer, &bytes, SOON, &error), CABOTAGE_CLOSED);
    cabotage_pipe_free(pipe);
    cabotage_pipe_free(listening);
    OK(cabotage_pipe_create("c-bytes", 0, &listening, &error));
    OK(cabotage_pipe_accept(listening, SOON, &pipe, &error));
    size_t all = 0;
    while (all < 5) {
        OK(cabotage_pipe_read(pipe, buffer + all, 2, &bytes, SOON, &error));
        all += bytes;
    }
    CHECK(memcmp(buffer, "bytes", 5) == 0);
    check_ended_well(child);
    cabotage_pipe_free(pipe);
    cabotage_pipe_free(listening);
}

int main(void) {
    mach();
    alpc();
    pipes();
    return 0;
}
