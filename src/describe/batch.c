/* batch.c - the words of a batch's choices. */
#include "describe/batch.h"
#include <stddef.h>

const char *const ibx_exists_words[] = {"fail", "overwrite", "skip", "newer", NULL};
const char *const ibx_keep_words[] = {"keep", "none", "copyright", "no-gps", NULL};
