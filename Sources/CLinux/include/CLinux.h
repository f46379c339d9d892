// What the Glibc module does not show to Swift: epoll and its relatives, and macros with arguments.
#ifndef CLINUX_H
#define CLINUX_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// What the kernel tells of a TCP connection (tcp(7), TCP_INFO), after linux/tcp.h. glibc's struct tcp_info
// ends long before the kernel's, and both headers define it. The kernel fills as much as it knows and
// tells how much; older ones leave the end zero.
struct clinux_tcp_info {
    uint8_t state, ca_state, retransmits, probes, backoff, options, window_scales, flags;
    uint32_t rto, ato, snd_mss, rcv_mss;
    uint32_t unacked, sacked, lost, retrans, fackets;
    uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
    uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
    uint32_t rcv_rtt, rcv_space, total_retrans;
    uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
    uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
    uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
    uint32_t delivered, delivered_ce;
    uint64_t bytes_sent, bytes_retrans;
    uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
};

// A variable that any thread might change, so Swift does not let us name it.
static inline char *const *clinux_environment(void) { return environ; }

// getopt(3), whose state is in variables that any thread might change. The words must outlive the scan; it
// puts them into another order.
struct clinux_option {
    int letter; // -1 at the end, '?' for a mistake
    int mistake; // the letter that is unknown, or lacks its value
    const char *value;
    int next; // the first word that is no option, at the end
};

static inline void clinux_restart_options(void) {
    optind = 0;
    opterr = 0;
}

static inline struct clinux_option clinux_next_option(int count, char *const *words,
                                                      const char *letters) {
    struct clinux_option found = {0};
    optarg = NULL;
    found.letter = getopt(count, words, letters);
    found.mistake = optopt;
    found.value = optarg;
    found.next = optind;
    return found;
}

// Functions with a varying number of arguments, and those that glibc has no name for.
static inline int clinux_prctl(int option, unsigned long value) {
    return prctl(option, value, 0UL, 0UL, 0UL);
}

static inline int clinux_prctl_ambient(unsigned long capability) {
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0UL, 0UL);
}

// Bytes of a stream socket that wait to be read (tcp(7), SIOCINQ; unix(7) has it, too).
static inline int clinux_unread(int socket, int *count) {
    return ioctl(socket, FIONREAD, count);
}

// Bytes of a stream socket that its other side has not acknowledged (tcp(7), SIOCOUTQ).
static inline int clinux_unacknowledged(int socket, int *count) {
    return ioctl(socket, TIOCOUTQ, count);
}

static inline long clinux_capget(struct __user_cap_header_struct *header,
                                 struct __user_cap_data_struct *data) {
    return syscall(SYS_capget, header, data);
}

static inline long clinux_capset(struct __user_cap_header_struct *header,
                                 const struct __user_cap_data_struct *data) {
    return syscall(SYS_capset, header, data);
}

// Packets with descriptors (unix(7), SCM_RIGHTS): cmsg(3) is made of macros. As many descriptors as the kernel lets
// one packet carry.
#define CLINUX_MOST_DESCRIPTORS 253

static inline ssize_t clinux_send_packet(int socket, const void *bytes, size_t length,
                                         const int *descriptors, size_t count) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(CLINUX_MOST_DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (count > CLINUX_MOST_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    if (count > 0) {
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        __builtin_memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// A packet that does not fit, or whose descriptors do not, is an error (EMSGSIZE).
static inline ssize_t clinux_receive_packet(int socket, void *bytes, size_t length,
                                            int *descriptors, size_t *count) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(CLINUX_MOST_DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec vector = {.iov_base = bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    *count = 0;
    ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        __builtin_memcpy(descriptors, CMSG_DATA(header), *count * sizeof(int));
    }
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (size_t index = 0; index < *count; index++) close(descriptors[index]);
        *count = 0;
        errno = EMSGSIZE;
        return -1;
    }
    return received;
}

#endif
