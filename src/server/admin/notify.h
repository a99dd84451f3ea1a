/* notify.h - tells systemd how the service is (sd_notify(3)), by a datagram of our own. */
#ifndef IBX_SERVER_NOTIFY_H
#define IBX_SERVER_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Sends "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", "STATUS=..." to the socket that
 * NOTIFY_SOCKET names. False if there is none or nobody took it; nobody needs to care. */
bool ibx_notify(const char *state);

/* Microseconds between two "WATCHDOG=1" that systemd asks of this process (WATCHDOG_USEC,
 * sd_watchdog_enabled(3)): half of its patience. 0: it asks for none. */
int64_t ibx_notify_beat(void);

#endif
