/* pace.h - how long jobs take: seconds per megapixel, learned as they end.
 *
 * A pace is kept for every pair of formats (input and outputs), and a finer one for every shape of
 * recipe with them, so that a slow filter does not spoil what is known of quick ones. Both are
 * exponentially weighted means, with weight 1/5 for the newest. A job costs as much as a quarter of
 * a megapixel more than it has, else small jobs would teach that large ones are slow. One strange
 * file moves a pace by no more than a factor of 1.6. */
#ifndef IBX_SERVER_PACE_H
#define IBX_SERVER_PACE_H

#include "server/jobs/wire.h"

typedef struct ibx_paces ibx_paces;

/* What jobs are compared by. */
typedef struct {
    char formats[96]; /* "jpeg>png,png" */
    char recipe[224]; /* the same and the recipe without its numbers */
} ibx_pace_key;

/* From what the scout saw. */
ibx_pace_key ibx_pace_key_of(const ibx_delivery *look, const char *recipe);

ibx_paces *ibx_paces_new(void);
void ibx_paces_free(ibx_paces *paces);

/* Seconds that a job takes: by the clock, which is what others wait, and of its own, which is the
 * processor time where that is less. The latter does not grow when others use the machine. */
typedef struct {
    double clock, own;
} ibx_duration;

/* *known tells whether a job with these formats was ever measured; else it is a guess. */
ibx_duration ibx_paces_predict(const ibx_paces *paces, const ibx_pace_key *key, double megapixels,
                               bool *known);

/* A job has taken that long, or at least that long. */
void ibx_paces_learn(ibx_paces *paces, const ibx_pace_key *key, double megapixels,
                     ibx_duration taken);

#endif
