/* flight.c - identical requests in flight share one job. */
#include "server/jobs/flight.h"
#include <glib.h>

struct ibx_flights {
    GHashTable *by_key; /* borrows the flights' keys */
};

struct ibx_flight {
    ibx_flights *flights;
    char *key;
    GQueue seats; /* of ibx_seat, in the order in which they came */
    void (*empty)(void *user);
    void *user;
    bool landing;
};

struct ibx_seat {
    ibx_flight *flight;
    GList link; /* in seats; data is the seat */
    ibx_on_landing *landed;
    void *user;
};

ibx_flights *ibx_flights_new(void) {
    ibx_flights *flights = g_new(ibx_flights, 1);
    flights->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    return flights;
}

void ibx_flights_free(ibx_flights *flights) {
    if (!flights) return;
    g_hash_table_unref(flights->by_key);
    g_free(flights);
}

static ibx_flight *begin(ibx_flights *flights, const char *key) {
    ibx_flight *flight = g_new0(ibx_flight, 1);
    flight->flights = flights;
    flight->key = g_strdup(key);
    g_queue_init(&flight->seats);
    g_hash_table_insert(flights->by_key, flight->key, flight);
    return flight;
}

static void end(ibx_flight *flight) {
    g_free(flight->key);
    g_free(flight);
}

ibx_seat *ibx_flight_join(ibx_flights *flights, const char *key, ibx_on_landing *landed, void *user,
                          bool *leads, ibx_flight **flight) {
    ibx_flight *found = g_hash_table_lookup(flights->by_key, key);
    *leads = !found;
    *flight = found ? found : begin(flights, key);
    ibx_seat *seat = g_new0(ibx_seat, 1);
    seat->flight = *flight;
    seat->link.data = seat;
    seat->landed = landed;
    seat->user = user;
    g_queue_push_tail_link(&(*flight)->seats, &seat->link);
    return seat;
}

void ibx_flight_on_empty(ibx_flight *flight, void (*empty)(void *user), void *user) {
    flight->empty = empty;
    flight->user = user;
}

/* It leaves the table first: who asks for the key from inside a callback begins a flight of his
 * own. A seat is gone before it is told, and others may leave theirs meanwhile. */
void ibx_flight_land(ibx_flight *flight, const void *landing) {
    g_hash_table_remove(flight->flights->by_key, flight->key);
    flight->landing = true;
    GList *link;
    while ((link = g_queue_pop_head_link(&flight->seats))) {
        const ibx_seat seat = *(ibx_seat *)link->data;
        g_free(link->data);
        seat.landed(seat.user, landing);
    }
    end(flight);
}

void ibx_seat_leave(ibx_seat *seat) {
    ibx_flight *flight = seat->flight;
    g_queue_unlink(&flight->seats, &seat->link);
    g_free(seat);
    if (flight->landing || !g_queue_is_empty(&flight->seats)) return;
    g_hash_table_remove(flight->flights->by_key, flight->key);
    if (flight->empty) flight->empty(flight->user);
    end(flight);
}
