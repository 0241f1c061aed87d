// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Cabotage for C: shared memory, a producer and a consumer, links, Mach ports, ALPC and named pipes between the
// processes of a Linux machine. Link with -lcabotage. Names are those of the other faces: a C program and a Rust
// program meet by the same name. What has Windows' and macOS' own names is in libraries of their own.
//
// Handles. Each kind has a type, calls that make one, and one `_free`, which takes null too. A handle is for one thread
//   at a time: a second that comes meanwhile is answered CABOTAGE_BUSY. Different handles don't know of each other.
// Answers. 0 (CABOTAGE_OK) or another of the codes below. Whoever gives `error` a place gets words with every other
//   answer, to be freed by cabotage_error_free; null is no place. errno is left alone. What is stored for the caller is
//   stored only when it is there, but `bytes` of a receiving call: it says how many bytes are needed, too.
// Patience. In nanoseconds from now; 0 does not wait, a negative number waits for ever.
// Receiving. What does not fit into the buffer stays, and CABOTAGE_TOO_SMALL is answered: receive it with a larger one.
// Waiting beside other things. `_prepare_wait` gives a descriptor, the same for life, that belongs to the handle. If
//   `is_ready` is 0 it is armed: wait on it by poll or epoll, and receive without patience when it is readable.
//   Call it before every wait.
// Forks. A child has none of its parent's rights: calls on them are answered CABOTAGE_FORKED. It may make new ones.
// Versions. CABOTAGE_VERSION_* are those of this header. While the first is 0 the second changes with what breaks users.
#ifndef CABOTAGE_H
#define CABOTAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CABOTAGE_VERSION_MAJOR 0
#define CABOTAGE_VERSION_MINOR 1

#define CABOTAGE_FOREVER INT64_C(-1)
#define CABOTAGE_NOW INT64_C(0)
#define CABOTAGE_MS(milliseconds) ((int64_t)(milliseconds) * 1000000)

enum {
    CABOTAGE_OK = 0,
    CABOTAGE_TIMED_OUT = 1,  // nothing came, or there was no room, in time
    CABOTAGE_CLOSED = 2,     // the other end was closed, and everything it had sent was received
    CABOTAGE_DIED = 3,       // its process ended without closing it
    CABOTAGE_TOO_SMALL = 4,  // the buffer is smaller than the message
    CABOTAGE_MISSING = 5,    // nobody has the name
    CABOTAGE_EXISTS = 6,     // somebody has it
    CABOTAGE_REFUSED = 7,    // the other side, or the mode of a name, does not let it be
    CABOTAGE_INVALID = 8,    // the call can't be: a null, a name that is none, a message that is too long
    CABOTAGE_PEER_FAULT = 9, // the other side broke a rule, and its link is over
    CABOTAGE_SYSTEM = 10,    // the kernel refused
    CABOTAGE_FORKED = 11,    // the handle is the parent's
    CABOTAGE_BUSY = 12,      // another thread is in a call on this handle, or all instances of a pipe are in use
    CABOTAGE_INTERNAL = 13   // a fault of the library
};

// ---- versions and errors

typedef struct cabotage_error cabotage_error;

// The version of the library, such as "0.1.0".
const char *cabotage_version(void);
// The code of an error; 0 for null.
int cabotage_error_code(const cabotage_error *error);
// What an error says: as long as it is not freed.
const char *cabotage_error_message(const cabotage_error *error);
// Frees an error; null is none.
void cabotage_error_free(cabotage_error *error);

// ---- shared memory objects (POSIX shared memory)

typedef struct cabotage_shm cabotage_shm;

// Creates an object of so many zero bytes, which appears whole.
int cabotage_shm_create(const char *name, size_t bytes, cabotage_shm **shm, cabotage_error **error);
// Opens an object for reading and writing.
int cabotage_shm_open(const char *name, cabotage_shm **shm, cabotage_error **error);
// Opens an object for reading.
int cabotage_shm_open_read_only(const char *name, cabotage_shm **shm, cabotage_error **error);
// How many bytes it has now.
int cabotage_shm_bytes(cabotage_shm *shm, size_t *bytes, cabotage_error **error);
// Copies bytes out of it; a shrink meanwhile is an error, never a signal.
int cabotage_shm_read(cabotage_shm *shm, size_t at, void *buffer, size_t bytes, cabotage_error **error);
// Copies bytes into it.
int cabotage_shm_write(cabotage_shm *shm, size_t at, const void *data, size_t bytes, cabotage_error **error);
// Makes it larger; its new bytes are zero.
int cabotage_shm_grow(cabotage_shm *shm, size_t bytes, cabotage_error **error);
// Maps the whole object; the address is valid as long as the handle.
int cabotage_shm_map(cabotage_shm *shm, void **address, size_t *bytes, cabotage_error **error);
// Its descriptor, which belongs to the handle.
int cabotage_shm_descriptor(cabotage_shm *shm, int *descriptor, cabotage_error **error);
// Removes its name, if that still names this object.
int cabotage_shm_unlink(cabotage_shm *shm, cabotage_error **error);
// Removes a name, whatever object has it.
int cabotage_shm_remove(const char *name, cabotage_error **error);
// Unmaps and closes; the object stays until its name is removed.
void cabotage_shm_free(cabotage_shm *shm);

// ---- a producer and a consumer

typedef struct cabotage_producer cabotage_producer;
typedef struct cabotage_consumer cabotage_consumer;

// Creates a channel, or follows a producer that has ended, between processes that need not trust each other.
int cabotage_producer_create(const char *name, cabotage_producer **producer, cabotage_error **error);
// The same over plain shared memory, between processes that trust each other.
int cabotage_producer_create_trusting(const char *name, cabotage_producer **producer, cabotage_error **error);
// Sends a record; waits while there is no room.
int cabotage_producer_send(cabotage_producer *producer, const void *data, size_t bytes, int64_t patience,
    cabotage_error **error);
// Waits until every record was consumed.
int cabotage_producer_wait_until_consumed(cabotage_producer *producer, int64_t patience,
    cabotage_error **error);
// Closes: the consumer receives what was sent, and is then told.
void cabotage_producer_free(cabotage_producer *producer);
// Opens a channel.
int cabotage_consumer_open(const char *name, cabotage_consumer **consumer, cabotage_error **error);
// Opens one over plain shared memory.
int cabotage_consumer_open_trusting(const char *name, cabotage_consumer **consumer, cabotage_error **error);
// Receives the next record; what does not fit stays.
int cabotage_consumer_receive(cabotage_consumer *consumer, void *buffer, size_t capacity, size_t *bytes,
    int64_t patience, cabotage_error **error);
// Arranges for its descriptor to become readable when there is something.
int cabotage_consumer_prepare_wait(cabotage_consumer *consumer, int *descriptor, int *is_ready,
    cabotage_error **error);
// Removes the channel and frees the handle.
int cabotage_consumer_remove(cabotage_consumer *consumer, cabotage_error **error);
// Closes; another consumer may follow.
void cabotage_consumer_free(cabotage_consumer *consumer);

// ---- links

typedef struct cabotage_link cabotage_link;
typedef struct cabotage_listener cabotage_listener;

// Publishes a name for this user.
int cabotage_listener_publish(const char *name, int64_t patience, cabotage_listener **listener,
    cabotage_error **error);
// Takes the next who connects.
int cabotage_listener_accept(cabotage_listener *listener, int64_t patience, cabotage_link **link,
    cabotage_error **error);
// Its descriptor, readable when somebody connects; it belongs to the handle.
int cabotage_listener_descriptor(cabotage_listener *listener, int *descriptor, cabotage_error **error);
// Takes the name back.
void cabotage_listener_free(cabotage_listener *listener);
// Connects to who has published the name.
int cabotage_link_connect(const char *name, int64_t patience, cabotage_link **link, cabotage_error **error);
// Makes a link, and the other end as a descriptor for a child or another process, which the caller closes.
int cabotage_link_pair(cabotage_link **link, int *other_end, cabotage_error **error);
// Makes the other end a link, to which the descriptor belongs from now on, even if this fails.
int cabotage_link_from_descriptor(int descriptor, cabotage_link **link, cabotage_error **error);
// Sends a message; waits while there is no room.
int cabotage_link_send(cabotage_link *link, const void *data, size_t bytes, int64_t patience,
    cabotage_error **error);
// Receives the next message; what does not fit stays.
int cabotage_link_receive(cabotage_link *link, void *buffer, size_t capacity, size_t *bytes, int64_t patience,
    cabotage_error **error);
// Arranges for its descriptor to become readable when there is something.
int cabotage_link_prepare_wait(cabotage_link *link, int *descriptor, int *is_ready, cabotage_error **error);
// Who is at the other end, in the kernel's words.
int cabotage_link_peer(cabotage_link *link, int32_t *pid, uint32_t *uid, uint32_t *gid, cabotage_error **error);
// Closes: the other side receives what was sent, and is then told.
void cabotage_link_free(cabotage_link *link);

// ---- Mach ports

typedef struct cabotage_port cabotage_port;
typedef struct cabotage_sender cabotage_sender;
typedef struct cabotage_question cabotage_question;

// Publishes a service of this name; its messages come here.
int cabotage_port_check_in(const char *name, cabotage_port **port, cabotage_error **error);
// Receives the next message; what does not fit stays. Whoever asked waits for an answer to `question`, which is
// null of a message that wants none.
int cabotage_port_receive(cabotage_port *port, void *buffer, size_t capacity, size_t *bytes, int64_t patience,
    cabotage_question **question, cabotage_error **error);
// Arranges for its descriptor to become readable when there is something.
int cabotage_port_prepare_wait(cabotage_port *port, int *descriptor, int *is_ready, cabotage_error **error);
// Destroys the port: senders are told.
void cabotage_port_free(cabotage_port *port);
// Answers, and frees the handle.
int cabotage_question_answer(cabotage_question *question, const void *data, size_t bytes,
    cabotage_error **error);
// Lets go of a question without an answer, of which its asker is told.
void cabotage_question_free(cabotage_question *question);
// A send right to the service of this name.
int cabotage_sender_look_up(const char *name, cabotage_sender **sender, cabotage_error **error);
// Sends a message; waits while the queue is full.
int cabotage_sender_send(cabotage_sender *sender, const void *data, size_t bytes, int64_t patience,
    cabotage_error **error);
// Asks, and waits for the answer; one that does not fit is lost, and CABOTAGE_TOO_SMALL answered.
int cabotage_sender_request(cabotage_sender *sender, const void *data, size_t bytes, void *buffer,
    size_t capacity, size_t *answer_bytes, int64_t patience, cabotage_error **error);
// Gives the right back.
void cabotage_sender_free(cabotage_sender *sender);

// ---- ALPC

typedef struct cabotage_server cabotage_server;
typedef struct cabotage_request cabotage_request;
typedef struct cabotage_client cabotage_client;

// Creates a connection port of this name.
int cabotage_server_create(const char *name, cabotage_server **server, cabotage_error **error);
// Receives the next message of any client; what does not fit stays. `request` is null of a datagram.
int cabotage_server_receive(cabotage_server *server, void *buffer, size_t capacity, size_t *bytes,
    int64_t patience, cabotage_request **request, cabotage_error **error);
// Answers a request, and frees its handle.
int cabotage_server_reply(cabotage_server *server, cabotage_request *request, const void *data, size_t bytes,
    int64_t patience, cabotage_error **error);
// Arranges for its descriptor to become readable when there is something.
int cabotage_server_prepare_wait(cabotage_server *server, int *descriptor, int *is_ready,
    cabotage_error **error);
// Closes the port and all its channels.
void cabotage_server_free(cabotage_server *server);
// Lets go of a request without an answer, of which its asker is told.
void cabotage_request_free(cabotage_request *request);
// Connects to the port of this name.
int cabotage_client_connect(const char *name, int64_t patience, cabotage_client **client,
    cabotage_error **error);
// Asks, and waits for the answer; one that does not fit is lost, and CABOTAGE_TOO_SMALL answered.
int cabotage_client_request(cabotage_client *client, const void *data, size_t bytes, void *buffer,
    size_t capacity, size_t *answer_bytes, int64_t patience, cabotage_error **error);
// Says something that wants no answer.
int cabotage_client_send(cabotage_client *client, const void *data, size_t bytes, int64_t patience,
    cabotage_error **error);
// Closes the channel.
void cabotage_client_free(cabotage_client *client);

// ---- named pipes

typedef struct cabotage_pipe cabotage_pipe;

// Creates a pipe of this name, of messages or of bytes, and its first instance, which listens.
int cabotage_pipe_create(const char *name, int is_of_messages, cabotage_pipe **pipe, cabotage_error **error);
// Takes the next client, as an end of its own; `listening` listens on.
int cabotage_pipe_accept(cabotage_pipe *listening, int64_t patience, cabotage_pipe **pipe,
    cabotage_error **error);
// Opens a pipe of this name as a client, of messages or of bytes.
int cabotage_pipe_open(const char *name, int is_of_messages, int64_t patience, cabotage_pipe **pipe,
    cabotage_error **error);
// Sends all bytes: a message, in a pipe of messages.
int cabotage_pipe_send(cabotage_pipe *pipe, const void *data, size_t bytes, int64_t patience,
    cabotage_error **error);
// Receives the next message, whole; what does not fit stays.
int cabotage_pipe_receive(cabotage_pipe *pipe, void *buffer, size_t capacity, size_t *bytes, int64_t patience,
    cabotage_error **error);
// Reads bytes that are there, waiting for the first.
int cabotage_pipe_read(cabotage_pipe *pipe, void *buffer, size_t capacity, size_t *bytes, int64_t patience,
    cabotage_error **error);
// Waits until the other end has read everything.
int cabotage_pipe_flush(cabotage_pipe *pipe, int64_t patience, cabotage_error **error);
// Closes this end: what was sent stays readable for the other.
void cabotage_pipe_free(cabotage_pipe *pipe);

#ifdef __cplusplus
}
#endif
#endif
