/* segment.h - one part of a path, and one number of it. Shared by the two protocols for images that
 * are zoomed into. */
#ifndef IBX_SERVER_SEGMENT_H
#define IBX_SERVER_SEGMENT_H

#include "filter.h"

/* Decodes `length` bytes (RFC 3986, 2.1: "%2F") into `text`, of `room` bytes. False if an escape is
 * broken, a zero byte is among it, or it does not fit. */
bool ibx_segment_decode(const char *from, size_t length, char *text, size_t room);

/* Reads digits, and with `fraction` a "." among them, at *at and goes behind them. No sign, no
 * exponent, no blanks. False if there is no digit. */
bool ibx_segment_number(const char **at, bool fraction, double *value);

/* A whole number up to a thousand million that fills the whole text. */
bool ibx_segment_count(const char *text, int *count);

#endif
