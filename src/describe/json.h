/* json.h - writes JSON (RFC 8259), one value after the other; commas and escapes are its business.
 *
 *   ibx_json j = {.out = stdout};
 *   ibx_json_open(&j, NULL, '{');
 *   ibx_json_text(&j, "input", path);
 *   ibx_json_close(&j, '}');
 *
 * `key` is NULL inside arrays and for the outermost value. File names need not be UTF-8: a byte
 * that is not part of UTF-8 becomes the lone surrogate U+DC80 to U+DCFF, escaped, from which
 * Python's os.fsencode makes the same byte again. */
#ifndef IBX_DESCRIBE_JSON_H
#define IBX_DESCRIBE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct {
    FILE *out;
    bool pretty; /* a line for every value, indented by two blanks; else all on one line */
    bool lines;  /* not pretty: a line for every value of the outermost array or object */
    int depth;
    bool more; /* something stands in front at this depth */
} ibx_json;

void ibx_json_open(ibx_json *j, const char *key, char bracket);      /* '{' or '[' */
void ibx_json_close(ibx_json *j, char bracket);                      /* '}' or ']' */
void ibx_json_text(ibx_json *j, const char *key, const char *value); /* NULL: null */
void ibx_json_int(ibx_json *j, const char *key, int64_t value);
void ibx_json_number(ibx_json *j, const char *key, double value); /* not finite: null */
void ibx_json_bool(ibx_json *j, const char *key, bool value);

#endif
