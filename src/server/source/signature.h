/* signature.h - signed addresses: HMAC-SHA256 (RFC 2104) over everything behind the signature.
 *
 *   /v1/{sig}/{rest}     sig = KEYID.BASE64URL(HMAC(key, "imbrex1\0" + "/" + rest))[.EXPIRY]
 *
 * `rest` as it stands in the request, percent-encoding included. EXPIRY is Unix time in seconds and
 * part of the message ("imbrex1\0" + EXPIRY + "\0" + "/" + rest) where it is given. A signature may
 * be cut to no less than 16 bytes (128 bits). All keys are tried in constant time. "-" stands for
 * no signature. */
#ifndef IBX_SERVER_SIGNATURE_H
#define IBX_SERVER_SIGNATURE_H

#include "imbrex.h"
#include <time.h>

typedef enum { IBX_SIGNED_OK, IBX_SIGNED_MISSING, IBX_SIGNED_BAD, IBX_SIGNED_EXPIRED } ibx_signed;

typedef struct ibx_keyring ibx_keyring;

/* Keys as "id:hexadecimal", at least 16 bytes each; ids of letters and digits. */
ibx_keyring *ibx_keyring_new(char *const *keys, ibx_error *err);
void ibx_keyring_free(ibx_keyring *keyring); /* NULL is allowed */

/* NULL or empty keyring: every signature but "-" is bad. */
ibx_signed ibx_signature_check(const ibx_keyring *keyring, const char *signature, const char *rest,
                               time_t now);

/* When a signature that is good ends; 0: never. */
time_t ibx_signature_expiry(const char *signature);

/* The signature with the first key; expiry 0: none. malloc'd. */
char *ibx_signature_make(const ibx_keyring *keyring, const char *rest, time_t expiry);

#endif
