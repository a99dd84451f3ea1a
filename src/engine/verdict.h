/* verdict.h - may the outputs of an input be written, given what is on the disk already? */
#ifndef IBX_ENGINE_VERDICT_H
#define IBX_ENGINE_VERDICT_H

#include "engine/listing.h"

typedef enum {
    IBX_VERDICT_WRITE,   /* no output exists */
    IBX_VERDICT_REPLACE, /* some do and may be replaced */
    IBX_VERDICT_SKIP,    /* all exist, and if_exists says to leave them */
    IBX_VERDICT_REFUSE   /* see the error */
} ibx_verdict;

/* The files that are inputs, by device and inode, to protect them. Filled when first needed. */
typedef struct {
    struct ibx_file_id {
        uint64_t device, inode;
    } * id;
    size_t count;
    bool filled;
} ibx_inputs;

/* Looks at the files with these paths. input: of the entry they are made from. */
ibx_verdict ibx_judge(const ibx_batch *batch, const ibx_listing *listing, ibx_inputs *inputs,
                      const char *input, char *const *paths, int count, ibx_error *err);

void ibx_inputs_free(ibx_inputs *inputs);

#endif
