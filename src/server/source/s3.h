/* s3.h - buckets of S3 and of what speaks like it, by aliases of the settings.
 *
 * "alias=https://host[:port]/bucket region". The bucket is part of the path (path-style), requests
 * are signed with AWS Signature Version 4 by libcurl, or not at all without a key. http:// is for
 * tests only: the host must be a loopback address in numbers, in a network that is let through. */
#ifndef IBX_SERVER_S3_H
#define IBX_SERVER_S3_H

#include "server/source/transfer.h"

/* Fills origins->bucket from words of the settings; needs origins->networks. False if one cannot be
 * understood: it is left out, and the error tells of the first. */
bool ibx_buckets_read(char *const *words, ibx_origins *origins, ibx_error *err);
void ibx_buckets_free(ibx_origins *origins);

/* Aims a transfer at a key: sets url (free it with curl_url_cleanup) and what signs. MISSING for an
 * alias that there is not, BAD for a key that cannot be one. */
ibx_source_status ibx_bucket_aim(const ibx_origins *origins, const char *alias, const char *key,
                                 ibx_transfer *transfer, ibx_error *err);

#endif
