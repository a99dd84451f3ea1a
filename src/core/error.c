/* error.c - errors as values, and the version. */
#include "imbrex.h"
#include <stdarg.h>

/* Shortens a cut UTF-8 text to its last whole character, so that it can still be put into JSON. */
static void drop_partial_character(char *text, size_t length) {
    while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80) length--;
    if (length > 0 && ((unsigned char)text[length - 1] & 0x80)) length--;
    text[length] = 0;
}

bool ibx_fail(ibx_error *err, ibx_code code, const char *format, ...) {
    if (!err) return false;
    char text[sizeof err->text]; /* of its own: an argument may be err->text */
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0) text[0] = 0;
    if (n >= (int)sizeof text) drop_partial_character(text, sizeof text - 1);
    *err = (ibx_error){.code = code};
    memcpy(err->text, text, sizeof text);
    return false;
}

const char *ibx_version(void) {
    return IBX_VERSION;
}
