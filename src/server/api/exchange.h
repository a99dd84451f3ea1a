/* exchange.h - one request and its reply.
 *
 * Made when a request's head has arrived, gone when its reply has been written or its client has
 * left. A handler that cannot answer at once calls ibx_exchange_wait, and answers later with one of
 * the functions of answer.h; until then it says how to stop what it waits for: its client may
 * leave, or have set a deadline. */
#ifndef IBX_SERVER_EXCHANGE_H
#define IBX_SERVER_EXCHANGE_H

#include "server/api/house.h"
#include "server/api/traceparent.h"
#include "server/net/clients.h"

typedef struct ibx_exchange {
    ibx_house *house;
    SoupServerMessage *message;
    char id[65];              /* X-Request-Id: the client's, or a new one */
    ibx_traceparent trace;    /* of which it is a part; for the log and other servers */
    ibx_client_name client;   /* for the log */
    char *path, *query;       /* as they came, percent-encoded; query NULL: none. Owned */
    bool head;                /* HEAD: no body is sent */
    bool is_signed;           /* its address carries a good signature, */
    time_t expires;           /* which ends then; 0: never */
    bool open_to_all;         /* its replies may be read by pages of every origin (IIIF) */
    int route;                /* IBX_ROUTE_..., for metrics */
    int64_t began;            /* monotonic microseconds; its head was there */
    int64_t asked;            /* the same; it was complete. 0: not so far */
    bool waiting;             /* a handler will answer later */
    bool answered;            /* the reply is complete, */
    bool sent;                /* and written */
    int64_t sent_bytes;       /* of its body */
    void (*stop)(void *user); /* the client does not wait any more: stop working for it; NULL */
    void *stop_user;
    guint alarm;         /* the deadline that the client has set; 0: none, or not waiting */
    GSList *owned;       /* see ibx_exchange_owns */
    void *upload;        /* what upload.c keeps between a request's head and its body; or NULL */
    ibx_log_request log; /* what the log line will say; texts are owned by whoever set them, until
                            the end of the exchange */
} ibx_exchange;

/* The exchange of a message; a new one at the first call. */
ibx_exchange *ibx_exchange_of(ibx_house *house, SoupServerMessage *message);

/* A handler returns without an answer; `stop` is called if the client leaves before there is one,
 * or at its own deadline: Imbrex-Deadline, in milliseconds since the request's head came, whatever
 * they are spent on. Then the answer is 504 and not the handler's. What others wait for too goes on
 * for them, and the settings' own limits hold as ever. */
void ibx_exchange_wait(ibx_exchange *x, void (*stop)(void *user), void *user);

/* The request is complete, its body too: from now on it is us who take time. */
void ibx_exchange_asked(ibx_exchange *x);

/* The answer is complete: it is sent, behind the request's body; where that is longer than any may
 * be, or in chunks, at once, and the connection ends. Called by answer.h. */
void ibx_exchange_send(ibx_exchange *x);

/* `drop` is called with `user` when the exchange ends; of several the last that came first. */
void ibx_exchange_owns(ibx_exchange *x, void (*drop)(void *user), void *user);

/* Milliseconds since the request's head came. */
double ibx_exchange_ms(const ibx_exchange *x);

/* A header of the request that must be there only once to count, or NULL. */
const char *ibx_exchange_header(const ibx_exchange *x, const char *name);

/* One that is a list, of all lines of that name (RFC 9110, 5.3), or NULL. */
const char *ibx_exchange_list(const ibx_exchange *x, const char *name);

#endif
