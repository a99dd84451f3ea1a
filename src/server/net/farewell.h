/* farewell.h - the last words of a connection, said so that they arrive.
 *
 * A socket that is closed while bytes of the client lie unread resets the connection, and the reply
 * is lost with it (RFC 9112, 9.6). So only the writing half ends at once, and what still comes is
 * dropped until the client has closed too: many read a reply only when they have sent all of a
 * body. It ends when nothing has come for two seconds, and after 64 MiB or a time in
 * any case. `base` is a GSocketConnection. */
#ifndef IBX_SERVER_FAREWELL_H
#define IBX_SERVER_FAREWELL_H

#include <gio/gio.h>

/* Writes a reply that closes the connection, with a problem of RFC 9457, as far as there is room
 * for it. `retry_s`: seconds of Retry-After, 0 for none. */
void ibx_farewell_say(GIOStream *base, int status, const char *detail, int retry_s);

/* Closes a connection gently within so many seconds, from the thread's main context. Takes a
 * reference; `closed` (may be NULL) is called when it is over. */
void ibx_farewell_close(GIOStream *base, int seconds, void (*closed)(void *user), void *user);

#endif
