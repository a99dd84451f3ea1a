/* notify.h - tells systemd how the service is (sd_notify(3)), by a datagram of our own. */
#ifndef IBX_SERVER_NOTIFY_H
#define IBX_SERVER_NOTIFY_H

#include <stdbool.h>

/* Sends "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", "STATUS=..." to the socket that
 * NOTIFY_SOCKET names. False if there is none or nobody took it; nobody needs to care. */
bool ibx_notify(const char *state);

#endif
