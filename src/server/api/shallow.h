/* shallow.h - JSON that a recursive reader can be given. */
#ifndef IBX_SERVER_SHALLOW_H
#define IBX_SERVER_SHALLOW_H

#include <stdbool.h>

/* Whether no more than `most` lists and objects are open at once in a text. What it accepts need
 * not be JSON, but its strings end where any reader sees their end: outside of strings there is
 * nothing but what RFC 8259 has there (so no comment, no other quotes), and inside every surrogate
 * has its other half. */
bool ibx_json_is_shallow(const char *json, int most);

#endif
