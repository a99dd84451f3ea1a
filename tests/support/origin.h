/* origin.h - a little web server that says what a test wants said, for tests of what fetches. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stddef.h>

typedef struct origin origin;

/* Answers one request (its head as text) on a socket, in a thread of its own; the connection is
 * closed afterwards. Things that never end do when origin_say fails. */
typedef void origin_answer(int socket, const char *request, void *user);

/* Listens on an address in numbers, IPv4; port 0: a free one. NULL if it cannot. */
origin *origin_new(const char *address, int port, origin_answer *answer, void *user);
void origin_free(origin *o); /* ends all connections; NULL is allowed */

int origin_port(const origin *o);
int origin_connections(const origin *o); /* so far */

/* Sends bytes. 0 if the other side or the test has ended it, else 1. */
int origin_say(int socket, const void *data, size_t size);

/* Sends a reply with Content-Length. `headers` may be ""; each ends with CR LF. */
void origin_reply(int socket, const char *status, const char *headers, const void *body,
                  size_t size);

#endif
