/* stream.h - a connection that only lets well-formed requests through, in good time.
 *
 * A GIOStream over another. Reading: bytes of a request's head are kept back until it is complete
 * and has passed net/grammar.h; then head and body go on as they are. What is refused is answered
 * here with its status and a line of text, and the connection ends. Time: a head has header_ms from
 * its first byte, a body a least rate after 5 s of grace and body_ms in all, a reply write_ms
 * in which the client acknowledges nothing of it, a connection idle_ms between requests and so many
 * requests. Both streams are pollable, as libsoup asks. */
#ifndef IBX_SERVER_STREAM_H
#define IBX_SERVER_STREAM_H

#include "server/admin/metrics.h"
#include "server/config/settings.h"
#include <gio/gio.h>

/* What a connection tells, from the thread it was made in; each may be NULL. */
typedef struct {
    void (*begun)(void *user); /* once: bytes of the first request have been handed on */
    void (*refused)(void *user, int status, const char *why); /* answered here; it ends then */
    void (*closed)(void *user);                               /* once, at last */
    void *user;
} ibx_stream_events;

/* Takes a reference of `base`, a GSocketConnection. `events` (may be NULL) is copied. */
GIOStream *ibx_stream_new(GIOStream *base, const ibx_settings *settings, ibx_metrics *metrics,
                          const ibx_stream_events *events);

/* Calls `gone` once if the client closes while the present request waits for its reply; nothing can
 * be read or written any more then. Ends with the request. libsoup would not notice before it
 * writes. */
void ibx_stream_on_gone(GIOStream *stream, void (*gone)(void *user), void *user);

/* Answers the present request before its body has come, which libsoup 3.2 would wait for: this is
 * the whole reply, and the connection ends with it. Then libsoup finds the connection broken. */
void ibx_stream_answer(GIOStream *stream, const void *reply, size_t size);

/* Bytes of the present request's body that have not come; INT64_MAX: only its end will tell. */
int64_t ibx_stream_owed(GIOStream *stream);

/* Does the connection end with the reply to the present request? It does behind the last one that
 * it may have, and where a client is answered that waits to be asked for its body. */
bool ibx_stream_is_last(GIOStream *stream);

/* Is the present request the first one of the connection? */
bool ibx_stream_is_first(GIOStream *stream);

/* The target of the present request as it came, percent-encoding included; NULL: none yet. Borrowed
 * until the next request. */
const char *ibx_stream_target(GIOStream *stream);

/* The stream of the connection with this address, as the listener handed both on; NULL: none. */
void ibx_stream_set_remote(GIOStream *stream, GSocketAddress *remote);
GIOStream *ibx_stream_of(GSocketAddress *remote);

#endif
