/* form.h - forms (multipart bodies), taken apart in threads.
 *
 * To look for boundaries in tens of megabytes, to copy the image out of them and to hash it takes
 * tens of milliseconds, for which the main loop must not stand still. */
#ifndef IBX_SERVER_FORM_H
#define IBX_SERVER_FORM_H

#include "server/source/source.h"

typedef struct ibx_forms ibx_forms;     /* the threads */
typedef struct ibx_reading ibx_reading; /* one form under way */

/* What was in one. */
typedef struct {
    ibx_source_status status; /* BAD: the form is wrong, as `error` says */
    ibx_error error;
    ibx_opened image;       /* its bytes are in the purse; unless OK there is none */
    char *recipe, *outputs; /* texts of the parts of that name; NULL: there is none */
} ibx_form;

/* In the main loop. The image is taken over; texts are borrowed: take them with g_steal_pointer. */
typedef void ibx_on_form(void *user, ibx_form *form);

/* Bodies and images are paid for from the purse. */
ibx_forms *ibx_forms_new(ibx_purse *purse);
void ibx_forms_free(ibx_forms *forms); /* waits for what is under way; NULL is allowed */

/* Reads a complete body, which is taken over, with what it takes of the purse. `boundary` (may be
 * NULL) is that of its Content-Type; the image may have at most `limit` bytes. `done` is called
 * later, never from inside. */
ibx_reading *ibx_form_read(ibx_forms *forms, ibx_opened *body, const char *boundary, int64_t limit,
                           ibx_on_form *done, void *user);
void ibx_reading_cancel(ibx_reading *reading); /* `done` is not called */

#endif
