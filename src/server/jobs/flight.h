/* flight.h - identical requests in flight share one job.
 *
 * The first request for a key is the leader and does the work; later ones wait for what it makes.
 * When the leader's client goes away, the job goes on for the others; when all are gone it is
 * cancelled. */
#ifndef IBX_SERVER_FLIGHT_H
#define IBX_SERVER_FLIGHT_H

#include <stdbool.h>

typedef struct ibx_flights ibx_flights; /* all that are under way, by key */
typedef struct ibx_flight ibx_flight;   /* one */
typedef struct ibx_seat ibx_seat;       /* one request's place in it */

/* `landing` is what the leader hands to all; borrowed for the call. */
typedef void ibx_on_landing(void *user, const void *landing);

ibx_flights *ibx_flights_new(void);
void ibx_flights_free(ibx_flights *flights); /* none may be under way */

/* Takes a seat in the flight of that key (a NUL-terminated text, copied). *leads tells whether it
 * is new: then the caller must start the work, and call ibx_flight_land when it is done, or
 * ibx_flight_on_empty to learn that nobody waits any more. */
ibx_seat *ibx_flight_join(ibx_flights *flights, const char *key, ibx_on_landing *landed, void *user,
                          bool *leads, ibx_flight **flight);

/* What to call when the last seat is left before landing; the flight is gone then, whether or not
 * anybody wants to know. */
void ibx_flight_on_empty(ibx_flight *flight, void (*empty)(void *user), void *user);

/* Calls everybody, in the order in which they came, and ends the flight. From the first call on the
 * key is free for a new flight; seats may be left by callbacks. */
void ibx_flight_land(ibx_flight *flight, const void *landing);

/* The request's client is gone: its callback is not called. A seat that has landed is gone. */
void ibx_seat_leave(ibx_seat *seat);

#endif
