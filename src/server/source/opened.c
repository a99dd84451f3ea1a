/* opened.c - what all kinds of sources have in common. */
#include "server/source/opened.h"
#include <glib.h>
#include <stdarg.h>
#include <unistd.h>

ibx_code ibx_source_code(ibx_source_status status) {
    switch (status) {
    case IBX_SOURCE_OK:
        return IBX_OK;
    case IBX_SOURCE_BAD:
    case IBX_SOURCE_FORBIDDEN:
        return IBX_USAGE;
    case IBX_SOURCE_TOO_LARGE:
        return IBX_LIMIT;
    case IBX_SOURCE_BUSY:
        return IBX_MEMORY;
    default:
        return IBX_IO;
    }
}

void ibx_opened_refuse(ibx_opened *opened, ibx_source_status status, const char *sentence, ...) {
    char text[sizeof opened->error.text];
    va_list args;
    va_start(args, sentence);
    vsnprintf(text, sizeof text, sentence, args);
    va_end(args);
    *opened = (ibx_opened){.status = status, .fd = -1};
    ibx_fail(&opened->error, ibx_source_code(status), "%s", text);
}

void ibx_opened_name(ibx_opened *opened, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *end;
    opened->name[0] = 0;
    if (!g_utf8_validate(name, -1, NULL)) return;
    g_utf8_validate(name, (gssize)strnlen(name, sizeof opened->name - 1), &end);
    memcpy(opened->name, name, (size_t)(end - name));
    opened->name[end - name] = 0;
}

void ibx_opened_close(ibx_opened *opened) {
    if (opened->fd >= 0) close(opened->fd);
    opened->fd = -1;
}
