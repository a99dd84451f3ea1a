/* text.h - small helpers for building texts. Nothing here depends on the locale. */
#ifndef IBX_CORE_TEXT_H
#define IBX_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A text that is being built in a buffer of fixed size, with snprintf's habit: what does not fit
 * is counted but not stored. Begin with {buffer, size, 0}; size 0 measures. */
typedef struct {
    char *text;
    size_t size;   /* of the buffer, the final zero included */
    size_t length; /* of the whole text so far, whether it fitted or not */
} ibx_text;

void ibx_text_char(ibx_text *t, char c);
void ibx_text_put(ibx_text *t, const char *words);

/* Words in quotes, as a recipe has them where they may hold anything; the second malloc'd, NULL
 * without memory. */
void ibx_text_quote(ibx_text *t, const char *words);
char *ibx_quoted(const char *words);

/* As snprintf does; numbers without locale only (%d, %s). One call adds up to 200 bytes. */
void ibx_text_add(ibx_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Terminates the text and returns its full length, as snprintf would. */
int ibx_text_end(ibx_text *t);

/* What a user typed, made fit for an error sentence: numbers and sizes as they are, all else in
 * quotes; control characters and bytes that are not UTF-8 become '?'; long texts are cut. */
typedef struct {
    char text[72];
} ibx_shown;
ibx_shown ibx_show(const char *typed, size_t length);

static inline char ibx_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Are two words equal but for the case of ASCII letters? */
bool ibx_same_word(const char *a, const char *b);

#endif
