/* sentence.c - advice that helps in a terminal only. */
#include "gimp/sentence.h"
#include <ctype.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Does the text begin with " --word" or " -o"? Names of files rarely do. */
static bool is_option(const char *text) {
    if (strncmp(text, " --", 3) == 0) return islower((unsigned char)text[3]);
    return strncmp(text, " -o", 3) == 0 && !isalnum((unsigned char)text[3]) && text[3] != '-';
}

static void cut_options(char *text) {
    char *last = strrchr(text, ';');
    for (const char *c = last; c && *c; c++)
        if (is_option(c)) {
            *last = 0;
            return;
        }
}

/* Here the lists of filters are menus. */
static void cut_command(char *text) {
    static const char ADVICE[] = " \"imbrex filters\" lists them all";
    if (!g_str_has_suffix(text, ADVICE)) return;
    char *end = text + strlen(text) - strlen(ADVICE);
    end[end > text && end[-1] == ';' ? -1 : 0] = 0;
}

void ibx_gimp_sentence(char *text) {
    const char *odd;
    cut_options(text);
    cut_command(text);
    while (!g_utf8_validate(text, -1, &odd)) text[odd - text] = '?';
}

char *ibx_gimp_sentences(const char *lines) {
    char **line = g_strsplit(lines, "\n", -1);
    for (char **l = line; *l; l++) ibx_gimp_sentence(*l);
    char *joined = g_strjoinv("\n", line);
    g_strfreev(line);
    return joined;
}
