/* guard.h - what of the bytes of a connection may go on: one request after another, and by when.
 *
 * No sockets here: bytes come in, some of them may be taken, the clock is an argument. net/stream.h
 * puts it between a socket and libsoup. The life of a request:
 *
 *   IDLE --first byte--> HEAD --complete and valid--> BODY --all of it--> REPLY --asked again-->
 * IDLE └─ Expect ─> EXPECT ─100─┘
 *
 * What belongs to the next request stays here until it is asked for, which libsoup does when the
 * reply is written. Times are microseconds of the monotonic clock. */
#ifndef IBX_SERVER_GUARD_H
#define IBX_SERVER_GUARD_H

#include "server/config/settings.h"
#include "server/net/grammar.h"

typedef enum {
    IBX_GUARD_IDLE,
    IBX_GUARD_HEAD,
    IBX_GUARD_EXPECT, /* the client waits for "100 Continue" */
    IBX_GUARD_BODY,
    IBX_GUARD_REPLY,
    IBX_GUARD_OVER,   /* behind the last request */
    IBX_GUARD_REFUSED /* with status and why; nothing goes on */
} ibx_guard_phase;

typedef struct {
    const ibx_settings *settings; /* borrowed */
    ibx_guard_phase phase;
    int64_t since; /* when the phase began */
    int requests;  /* that have begun */
    bool last;     /* no further request */
    bool begun;    /* bytes of the present request have gone on */
    bool owes;     /* its body has not all come */
    char *target;  /* of the present request, as it came; NULL: none yet */
    int status;    /* REFUSED */
    const char *why;
    /* Bytes kept back: data[at..size), of which the first `pass` may be taken, and the first
     * `seen` are known to be less than a head. */
    uint8_t *data;
    size_t at, size, room, pass, seen;
    ibx_body_framing framing;
    int64_t left, got; /* LENGTH: bytes to come; bytes of the body so far */
    ibx_chunk_reader chunks;
} ibx_guard;

void ibx_guard_init(ibx_guard *guard, const ibx_settings *settings, int64_t now);
void ibx_guard_clear(ibx_guard *guard);

/* Where the next bytes are to be put, and how many at most; NULL without memory. Then tell how many
 * they were. */
uint8_t *ibx_guard_room(ibx_guard *guard, size_t *room);
void ibx_guard_put(ibx_guard *guard, size_t size);

/* Somebody waits for bytes: behind a reply, that is for the next request. */
void ibx_guard_ask(ibx_guard *guard, int64_t now);

/* Copies at most `count` bytes that may go on; 0: more must be put first, or OVER or REFUSED. */
size_t ibx_guard_take(ibx_guard *guard, void *to, size_t count, int64_t now);

/* Would ibx_guard_take get further with the bytes that are there? */
bool ibx_guard_ready(const ibx_guard *guard);

/* A reply begins with these bytes. A final one in EXPECT is the connection's last, as nobody knows
 * whether the body follows. */
void ibx_guard_reply(ibx_guard *guard, const void *data, size_t size, int64_t now);

/* The client has ended its side. REFUSED where a request was cut off. */
void ibx_guard_end(ibx_guard *guard);

/* Bytes of the present request's body that have not come from the socket; INT64_MAX where only its
 * end will tell. 0 too for a client that waits to be asked for its body. */
int64_t ibx_guard_owed(const ibx_guard *guard);

/* When the client's patience ends; INT64_MAX where it is not the client's turn. */
int64_t ibx_guard_deadline(const ibx_guard *guard);

#endif
