/* openapi.h - the parts of the OpenAPI document, written in turn into one JSON object.
 *
 * OpenAPI 3.1.0 (spec.openapis.org) and JSON Schema 2020-12. openapi.c writes the document,
 * openapi_routes.c what can be asked, openapi_schemas.c what words and replies look like. */
#ifndef IBX_SERVER_OPENAPI_H
#define IBX_SERVER_OPENAPI_H

#include "describe/json.h"
#include "server/config/settings.h"

/* "paths": every route with parameters, bodies and replies. */
void ibx_openapi_paths(ibx_json *j, const ibx_settings *settings);

/* "parameters" and "responses" below "components", to which routes refer. */
void ibx_openapi_shared(ibx_json *j);

/* "schemas" below "components": a step for every filter, a save for every format, and what goes in
 * and comes out. */
void ibx_openapi_schemas(ibx_json *j, const ibx_settings *settings);

/* A value that stands elsewhere: {"$ref": "#/components/GROUP/NAME"}. */
void ibx_openapi_refer(ibx_json *j, const char *key, const char *group, const char *name);

/* "content" of one media type with a schema; with NULL for it, any bytes. */
void ibx_openapi_content(ibx_json *j, const char *mime, const char *schema);

#endif
