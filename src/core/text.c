/* text.c - see text.h. */
#include "core/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ibx_text_char(ibx_text *t, char c) {
    if (t->length + 1 < t->size) t->text[t->length] = c;
    t->length++;
}

void ibx_text_put(ibx_text *t, const char *words) {
    while (*words) ibx_text_char(t, *words++);
}

void ibx_text_quote(ibx_text *t, const char *words) {
    ibx_text_char(t, '"');
    for (; *words; words++) {
        if (*words == '"' || *words == '\\') ibx_text_char(t, '\\');
        ibx_text_char(t, *words);
    }
    ibx_text_char(t, '"');
}

char *ibx_quoted(const char *words) {
    const size_t most = 2 * strlen(words) + 3;
    ibx_text t = {malloc(most), most, 0};
    if (!t.text) return NULL;
    ibx_text_quote(&t, words);
    ibx_text_end(&t);
    return t.text;
}

void ibx_text_add(ibx_text *t, const char *format, ...) {
    char part[201];
    va_list args;
    va_start(args, format);
    vsnprintf(part, sizeof part, format, args);
    va_end(args);
    ibx_text_put(t, part);
}

int ibx_text_end(ibx_text *t) {
    if (t->size > 0) t->text[t->length < t->size ? t->length : t->size - 1] = 0;
    return (int)t->length;
}

/* Bytes of the valid UTF-8 character at s, of n bytes left; 0 if there is none. */
static size_t utf8_length(const unsigned char *s, size_t n) {
    const size_t length = s[0] < 0x80                   ? 1
                          : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
                          : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
                          : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                                        : 0;
    if (length > n) return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    /* overlong forms, surrogates, beyond U+10FFFF */
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F)) return 0;
    if ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)) return 0;
    return length;
}

/* Does it look like a number, a size or a colour? Those read well without quotes. */
static bool is_numeric(const char *typed, size_t length) {
    return length > 0 && length <= 24 && strchr("0123456789+-.#", typed[0]) && typed[0] != 0 &&
           strspn(typed, "0123456789+-.#%xabcdefABCDEF") >= length;
}

/* Adds the typed text, one clean character after the other, up to the limit. */
static void add_clean(ibx_text *t, const char *typed, size_t length, size_t limit) {
    for (size_t i = 0; i < length;) {
        const unsigned char *s = (const unsigned char *)typed + i;
        const size_t n = utf8_length(s, length - i);
        if (t->length + (n ? n : 1) > limit) {
            ibx_text_put(t, "...");
            return;
        }
        const bool clean = n > 1 || (n == 1 && s[0] >= 0x20 && s[0] != 0x7F);
        if (!clean) ibx_text_char(t, '?');
        for (size_t k = 0; clean && k < n; k++) ibx_text_char(t, (char)s[k]);
        i += n ? n : 1;
    }
}

ibx_shown ibx_show(const char *typed, size_t length) {
    ibx_shown shown;
    ibx_text t = {shown.text, sizeof shown.text, 0};
    const bool quotes = !is_numeric(typed, length);
    if (quotes) ibx_text_char(&t, '"');
    add_clean(&t, typed, length, sizeof shown.text - 6);
    if (quotes) ibx_text_char(&t, '"');
    ibx_text_end(&t);
    return shown;
}

bool ibx_same_word(const char *a, const char *b) {
    while (*a && ibx_lower(*a) == ibx_lower(*b)) a++, b++;
    return ibx_lower(*a) == ibx_lower(*b);
}
