/* sentence.c - advice that helps in a terminal only. */
#include "gimp/sentence.h"
#include <string.h>

void ibx_gimp_sentence(char *text) {
    char *last = strrchr(text, ';');
    if (last && (strstr(last, " --") || strstr(last, " -o"))) *last = 0;
}
