/* house.h - all that requests share: the parts of the server, made in serve.c. One thread. */
#ifndef IBX_SERVER_HOUSE_H
#define IBX_SERVER_HOUSE_H

#include "server/admin/log.h"
#include "server/admin/metrics.h"
#include "server/admin/slow.h"
#include "server/api/documents.h"
#include "server/api/form.h"
#include "server/api/recent.h"
#include "server/cache/check.h"
#include "server/config/settings.h"
#include "server/jobs/flight.h"
#include "server/jobs/work.h"
#include "server/net/listener.h"
#include "server/source/signature.h"
#include "server/source/source.h"
#include <libsoup/soup.h>

typedef struct ibx_house {
    ibx_settings settings;
    ibx_metrics *metrics;
    ibx_log *log;
    ibx_slow *slow; /* requests, for operators */
    ibx_works *works;
    ibx_flights *flights;
    ibx_cache *cache;   /* NULL: none, */
    ibx_checks *checks; /* of its entries */
    ibx_fetcher *fetcher;
    ibx_forms *forms;
    ibx_purse purse;       /* of sources */
    ibx_purse results;     /* until they are sent */
    ibx_keyring *keys;     /* NULL: none */
    ibx_recent *addresses; /* of other servers: ibx_opened, what they held lately */
    ibx_recent *abouts;    /* ibx_about of sources by their identity */
    int root;              /* folder of local sources; -1: none */
    SoupServer *soup;
    ibx_listener *listener;
    ibx_document filters, openapi;
    int reloads;   /* of the settings so far */
    int exchanges; /* requests under way */
    bool draining;
} ibx_house;

#endif
