/* address.c - which addresses are plain global unicast. */
#include "server/source/address.h"
#include <gio/gio.h>
#include <netinet/in.h>

/* IANA's registry of special-purpose IPv4 addresses, multicast, and what was never given out. Some
 * rows are reachable for everybody; none of them has pictures. */
static const char *const SPECIAL_4[] = {
    "0.0.0.0/8",       /* this network, RFC 791 */
    "10.0.0.0/8",      /* private, RFC 1918 */
    "100.64.0.0/10",   /* carriers' address translation, RFC 6598 */
    "127.0.0.0/8",     /* loopback, RFC 1122 */
    "169.254.0.0/16",  /* link-local, RFC 3927: metadata of clouds */
    "172.16.0.0/12",   /* private */
    "192.0.0.0/24",    /* protocol assignments, RFC 6890 */
    "192.0.2.0/24",    /* documentation, RFC 5737 */
    "192.31.196.0/24", /* AS112, RFC 7535 */
    "192.52.193.0/24", /* automatic multicast tunnels, RFC 7450 */
    "192.88.99.0/24",  /* relays of 6to4, RFC 7526 */
    "192.168.0.0/16",  /* private */
    "192.175.48.0/24", /* AS112, RFC 7534 */
    "198.18.0.0/15",   /* benchmarks, RFC 2544 */
    "198.51.100.0/24", /* documentation */
    "203.0.113.0/24",  /* documentation */
    "224.0.0.0/4",     /* multicast, RFC 5771 */
    "240.0.0.0/4",     /* reserved, and broadcast, RFC 1112 and 919 */
    NULL,
};

/* Unicast that is given out (RFC 4291 and IANA's registry), and what is special within. */
static const char *const GLOBAL_6[] = {"2000::/3", NULL};
static const char *const SPECIAL_6[] = {
    "2001::/23",         /* protocol assignments, RFC 2928: Teredo, benchmarks, ORCHID, .. */
    "2001:db8::/32",     /* documentation, RFC 3849 */
    "2002::/16",         /* 6to4, RFC 3056: an IPv4 address of any kind inside */
    "2620:4f:8000::/48", /* AS112, RFC 7534 */
    "3fff::/20",         /* documentation, RFC 9637 */
    NULL,
};

/* IPv4 addresses behind a translator, RFC 6052. Its sibling for local use (64:ff9b:1::/48, RFC
 * 8215) is no global unicast. */
static const char *const NAT64[] = {"64:ff9b::/96", NULL};

/* Is it in one of these networks? A word that is no network contains nothing. */
static bool is_in(GInetAddress *address, const char *const *networks) {
    bool inside = false;
    for (; networks && *networks && !inside; networks++) {
        GInetAddressMask *mask = g_inet_address_mask_new_from_string(*networks, NULL);
        inside = mask && g_inet_address_mask_matches(mask, address);
        if (mask) g_object_unref(mask);
    }
    return inside;
}

static bool is_public_4(const uint8_t bytes[4]) {
    GInetAddress *address = g_inet_address_new_from_bytes(bytes, G_SOCKET_FAMILY_IPV4);
    const bool special = is_in(address, SPECIAL_4);
    g_object_unref(address);
    return !special;
}

/* Interface identifiers of ISATAP (RFC 5214 section 6.1) end with an IPv4 address. */
static bool is_isatap(const uint8_t bytes[16]) {
    return (bytes[8] & 0xFD) == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE;
}

static bool is_public_6(GInetAddress *address, const uint8_t bytes[16]) {
    if (is_in(address, NAT64)) return is_public_4(bytes + 12);
    if (!is_in(address, GLOBAL_6) || is_in(address, SPECIAL_6)) return false;
    return !is_isatap(bytes) || is_public_4(bytes + 12);
}

bool ibx_address_public(const struct sockaddr *address, char *const *allowed) {
    const uint8_t *bytes;
    GSocketFamily family = G_SOCKET_FAMILY_IPV4;
    if (address->sa_family == AF_INET) {
        bytes = (const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr;
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *inner = &((const struct sockaddr_in6 *)address)->sin6_addr;
        const bool mapped = IN6_IS_ADDR_V4MAPPED(inner); /* the kernel will talk IPv4 */
        bytes = inner->s6_addr + (mapped ? 12 : 0);
        if (!mapped) family = G_SOCKET_FAMILY_IPV6;
    } else {
        return false;
    }
    GInetAddress *plain = g_inet_address_new_from_bytes(bytes, family);
    const bool let =
        is_in(plain, (const char *const *)allowed) ||
        (family == G_SOCKET_FAMILY_IPV4 ? is_public_4(bytes) : is_public_6(plain, bytes));
    g_object_unref(plain);
    return let;
}
