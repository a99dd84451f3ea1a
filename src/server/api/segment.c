#include "server/api/segment.h"
#include <ctype.h>

enum { MOST_DIGITS = 30, MOST_COUNT = 1000000000 };

static int digit(char c) {
    const char *const digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool ibx_segment_decode(const char *from, size_t length, char *text, size_t room) {
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)from[i];
        if (c == '%') {
            const int high = i + 2 < length ? digit(from[i + 1]) : -1;
            const int low = high >= 0 ? digit(from[i + 2]) : -1;
            if (low < 0) return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c == 0 || used + 1 >= room) return false;
        text[used++] = (char)c;
    }
    text[used] = 0;
    return true;
}

bool ibx_segment_number(const char **at, bool fraction, double *value) {
    char digits[MOST_DIGITS + 1];
    const size_t length = strspn(*at, fraction ? "0123456789." : "0123456789");
    if (length == 0 || length > MOST_DIGITS) return false;
    memcpy(digits, *at, length);
    digits[length] = 0;
    *at += length;
    double whole = 0, unit = 1;
    int points = 0;
    for (const char *c = digits; *c; c++) {
        points += *c == '.';
        if (*c == '.') continue;
        whole = whole * 10 + (*c - '0');
        if (points) unit *= 10;
    }
    *value = whole / unit;
    return points <= 1 && strcmp(digits, ".") != 0;
}

bool ibx_segment_count(const char *text, int *count) {
    double value;
    if (!ibx_segment_number(&text, false, &value) || *text || value > MOST_COUNT) return false;
    *count = (int)value;
    return true;
}
