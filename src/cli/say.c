#include "cli/say.h"
#include <stdarg.h>
#include <stdlib.h>

int ibx_exit_status(ibx_code code) {
    switch (code) {
    case IBX_OK:
        return IBX_EXIT_DONE;
    case IBX_USAGE:
        return IBX_EXIT_USAGE;
    case IBX_FORMAT:
        return IBX_EXIT_NO_INPUT;
    case IBX_IO:
    case IBX_FULL:
        return IBX_EXIT_NO_OUTPUT;
    default:
        return IBX_EXIT_FAILED;
    }
}

/* Length of the printable UTF-8 character at p; 0 for control characters (C0, C1, DEL) and for
 * bytes that are not UTF-8. */
static int printable(const unsigned char *p) {
    if (p[0] < 0x80) return p[0] >= 0x20 && p[0] != 0x7f;
    const int length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    for (int i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return p[0] == 0xc2 && p[1] < 0xa0 ? 0 : length;
}

void ibx_print_safe(FILE *out, const char *text) {
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const int length = printable(p);
        if (length)
            fwrite(p, 1, (size_t)length, out);
        else if (*p == '\n')
            fputs("\\n", out);
        else if (*p == '\t')
            fputs("\\t", out);
        else
            fprintf(out, "\\x%02x", *p);
        p += length ? length : 1;
    }
}

void ibx_say(const char *format, ...) {
    char *text = NULL;
    va_list list;
    va_start(list, format);
    const int length = vasprintf(&text, format, list);
    va_end(list);
    flockfile(stderr);
    fputs("imbrex: ", stderr);
    ibx_print_safe(stderr, length < 0 ? format : text);
    fputc('\n', stderr);
    funlockfile(stderr);
    if (length >= 0) free(text);
}
