/* home.c - "~" is the home folder. */
#include "gimp/home.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *ibx_gimp_at_home(const char *name) {
    const bool tilde = name[0] == '~' && (name[1] == '/' || name[1] == 0);
    const char *home = tilde ? getenv("HOME") : NULL;
    char *path = NULL;
    if (!home) return strdup(name);
    return asprintf(&path, "%s%s", home, name + 1) < 0 ? NULL : path;
}
