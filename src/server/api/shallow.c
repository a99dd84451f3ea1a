/* shallow.c - brackets are counted before anything recurses over them. */
#include "server/api/shallow.h"
#include <stddef.h>
#include <string.h>

/* The number that four hexadecimal digits are; -1 if they are none. */
static int hex4(const char *text) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        const char *const digits = "0123456789abcdef0123456789ABCDEF";
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit) return -1;
        value = value * 16 + (int)((digit - digits) % 16);
    }
    return value;
}

/* What follows an escape that `text` begins with; NULL if it is none. */
static const char *behind_escape(const char *text) {
    if (text[1] != 'u') return text[1] && strchr("\"\\/bfnrt", text[1]) ? text + 2 : NULL;
    const int unit = hex4(text + 2);
    if (unit < 0xD800 || unit > 0xDFFF) return unit < 0 ? NULL : text + 6;
    if (unit > 0xDBFF || text[6] != '\\' || text[7] != 'u') return NULL;
    const int low = hex4(text + 8);
    return low >= 0xDC00 && low <= 0xDFFF ? text + 12 : NULL;
}

/* What follows the string whose first character is `text`; NULL if it does not end. */
static const char *behind_string(const char *text) {
    while (text && *text != '"') {
        if ((unsigned char)*text < ' ') return NULL; /* NUL too */
        text = *text == '\\' ? behind_escape(text) : text + 1;
    }
    return text ? text + 1 : NULL;
}

bool ibx_json_is_shallow(const char *json, int most) {
    static const char PLAIN[] = " \t\r\n,:+-.0123456789Eabcdefghijklmnopqrstuvwxyz";
    int open = 0;
    while (json && *json) {
        const char c = *json++;
        if (c == '"')
            json = behind_string(json);
        else if (c == '[' || c == '{')
            open++;
        else if (c == ']' || c == '}')
            open--;
        else if (!strchr(PLAIN, c))
            return false;
        if (open < 0 || open > most) return false;
    }
    return json != NULL;
}
