/* run.h - a batch that runs, in words: for whoever shows how far it is. */
#ifndef IBX_DESCRIBE_RUN_H
#define IBX_DESCRIBE_RUN_H

#include "imbrex.h"

/* A word for reports, "usage", "format", ... */
const char *ibx_code_word(ibx_code code);

/* The sentence about a file without "FILE: " in front, which some begin with. */
const char *ibx_without_name(const char *text, const char *file);

/* Bytes for a reader, "1.2 MB": powers of 1000. Seconds as "0:42" or "1:02:03". */
typedef struct {
    char text[24];
} ibx_amount;
ibx_amount ibx_bytes_in_words(int64_t bytes);
ibx_amount ibx_seconds_in_words(double seconds);

/* "312 of 1000 images, 31 %, 58.4 MP/s, 0:42 left, 2 failed" */
typedef struct {
    char text[160];
} ibx_state;
ibx_state ibx_state_in_words(const ibx_totals *totals);

#endif
