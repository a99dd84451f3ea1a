/* openapi.c - the OpenAPI document as a whole. */
#include "server/api/openapi.h"
#include "server/api/documents.h"
#include <stdlib.h>

void ibx_openapi_refer(ibx_json *j, const char *key, const char *group, const char *name) {
    char reference[128];
    snprintf(reference, sizeof reference, "#/components/%s/%s", group, name);
    ibx_json_open(j, key, '{');
    ibx_json_text(j, "$ref", reference);
    ibx_json_close(j, '}');
}

void ibx_openapi_content(ibx_json *j, const char *mime, const char *schema) {
    ibx_json_open(j, mime, '{');
    if (schema) ibx_openapi_refer(j, "schema", "schemas", schema);
    ibx_json_close(j, '}');
}

static void put_info(ibx_json *j) {
    ibx_json_open(j, "info", '{');
    ibx_json_text(j, "title", "imbrex");
    ibx_json_text(j, "version", ibx_version());
    ibx_json_text(j, "summary", "Images through recipes of filters.");
    ibx_json_text(j, "description",
                  "Every filter of the program is a step of a recipe here; names, ranges and "
                  "defaults in this document come from the same table as the command line's. The "
                  "same request gives the same bytes, whatever else the server is doing.");
    ibx_json_open(j, "license", '{');
    ibx_json_text(j, "name", "MIT");
    ibx_json_text(j, "identifier", "MIT");
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

static void put_servers(ibx_json *j) {
    ibx_json_open(j, "servers", '[');
    ibx_json_open(j, NULL, '{');
    ibx_json_text(j, "url", "/");
    ibx_json_close(j, '}');
    ibx_json_close(j, ']');
}

static void put_security(ibx_json *j) {
    ibx_json_open(j, "securitySchemes", '{');
    ibx_json_open(j, "bearer", '{');
    ibx_json_text(j, "type", "http");
    ibx_json_text(j, "scheme", "bearer");
    ibx_json_text(j, "description",
                  "The token of the server's settings. Where they have none, uploads are taken "
                  "from the server's own machine only, without a token.");
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

char *ibx_document_openapi(const ibx_settings *settings) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    ibx_json j = {.out = out, .pretty = true};
    ibx_json_open(&j, NULL, '{');
    ibx_json_text(&j, "openapi", "3.1.0");
    put_info(&j);
    put_servers(&j);
    ibx_openapi_paths(&j, settings);
    ibx_json_open(&j, "components", '{');
    ibx_openapi_schemas(&j, settings);
    ibx_openapi_shared(&j);
    put_security(&j);
    ibx_json_close(&j, '}');
    ibx_json_close(&j, '}');
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}
