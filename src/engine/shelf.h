/* shelf.h - plans that are used again.
 *
 * A plan follows from recipe, header and options alone (plan.h). Many small files of a batch have
 * headers that are alike, and to plan one of 200 x 200 pixels takes a thirtieth of all that is done
 * for it. So a batch keeps the plans of its last kinds of images. Plans are only read once they are
 * made, by any number of images at the same time; but a filter that scans an image keeps what it
 * saw in its state, and a profile belongs to its file: such plans are made for each image. */
#ifndef IBX_ENGINE_SHELF_H
#define IBX_ENGINE_SHELF_H

#include "engine/plan.h"
#include <pthread.h>

/* Kinds of images that are remembered: photographs of a folder are upright or not. */
enum { IBX_SHELF_PLACES = 4 };

typedef struct ibx_shelved ibx_shelved;

/* For one recipe, and for options that differ in nothing but their formats. */
typedef struct ibx_shelf {
    pthread_mutex_t lock;
    ibx_shelved *place[IBX_SHELF_PLACES];
    int next; /* the place that is used anew; it has the oldest plan */
} ibx_shelf;

void ibx_shelf_open(ibx_shelf *shelf);
void ibx_shelf_close(ibx_shelf *shelf); /* every plan must have been given back */

/* Any thread: the plan for an image with this header, made now if there is none (see
 * ibx_plan_make). shelf NULL: always made. NULL with an error. Give it back to the same shelf. */
const ibx_plan *ibx_shelf_take(ibx_shelf *shelf, const ibx_recipe *recipe, const ibx_info *info,
                               const ibx_plan_options *options, ibx_error *err);
void ibx_shelf_give_back(ibx_shelf *shelf, const ibx_plan *plan); /* NULL is allowed */

#endif
