/* sentence.c - advice that helps in a terminal only. */
#include "gimp/sentence.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Does the text begin with " --word" or " -o"? Names of files rarely do. */
static bool is_option(const char *text) {
    if (strncmp(text, " --", 3) == 0) return islower((unsigned char)text[3]);
    return strncmp(text, " -o", 3) == 0 && !isalnum((unsigned char)text[3]) && text[3] != '-';
}

void ibx_gimp_sentence(char *text) {
    char *last = strrchr(text, ';');
    for (const char *c = last; c && *c; c++)
        if (is_option(c)) {
            *last = 0;
            return;
        }
}
