/* looks.h - whose turn it is with the scouts.
 *
 * A header can be made to be slow: 60,000 directories in a TIFF, megabytes of text in a PNG. So
 * sources take turns (self-clocked fair queueing, Golestani 1994): one look at a source at a time,
 * and the n-th that waits comes behind the first n - 1 of all others. A look costs one turn, and
 * one more for each MiB, as slow headers are long: a small file waits for few large ones, however
 * many there are, and a large one for a few small ones. Of sources above 1 MiB one is
 * looked at at a time, so that a scout is left for the others.
 *
 * Who used up a scout's time is condemned: for a minute nobody looks at it again, so that whoever
 * asks for it over and over takes the scouts from others once. A look reads a header and plans a
 * recipe, and nobody knows which of them it was; so it is the source with that recipe that is
 * condemned, and others may still ask for the source with recipes of their own. The source itself
 * is, for every recipe, when it was looked at without one, or when two recipes were condemned with
 * it: no plan takes more than some milliseconds. Work on pixels that is killed at its deadline
 * condemns nobody: it holds a worker, not a scout, and lanes share those. */
#ifndef IBX_SERVER_LOOKS_H
#define IBX_SERVER_LOOKS_H

#include "server/jobs/wire.h"
#include <glib.h>

enum { IBX_LOOKS_CONDEMNED_S = 60 };

/* Part of who wants to look; zeroed until it joins. */
typedef struct {
    const char *source; /* identity, borrowed; "": a source of which there is only this look */
    int64_t bytes;      /* of the source */
    int64_t round;      /* in which it is over */
    GQueue *in;         /* NULL: it neither waits nor is under way */
    GList link;
} ibx_look;

typedef struct {
    GQueue waiting; /* by round, those of the same in the order in which they came */
    GQueue begun;
    GQueue condemned; /* by the end of their time */
    int64_t round;    /* of the last that began */
} ibx_looks;

void ibx_looks_clear(ibx_looks *looks); /* all have left */

/* Is there room for one more, in all and of that source? */
bool ibx_looks_open(const ibx_looks *looks, const char *source);

/* Waits from now on. */
void ibx_looks_join(ibx_looks *looks, ibx_look *look);

/* The one whose turn it is; NULL: none, or none that may begin now. It waits until
 * it is said to have begun. */
ibx_look *ibx_looks_next(const ibx_looks *looks);
void ibx_looks_begin(ibx_looks *looks, ibx_look *look);

/* Is over, or not wanted any more; nothing happens where it is not in. */
void ibx_looks_leave(ibx_look *look);

/* From now on, for a minute, in seconds of any steady clock. recipe "": it was looked at without.
 */
void ibx_looks_condemn(ibx_looks *looks, const char *source, const char *recipe, double now);
bool ibx_looks_condemned(ibx_looks *looks, const char *source, const char *recipe, double now);

#endif
