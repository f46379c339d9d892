// What the Glibc module does not show to Swift: epoll and its relatives, and macros with arguments.
#ifndef CLINUX_H
#define CLINUX_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// A variable that any thread might change, so Swift does not let us name it.
static inline char *const *clinux_environment(void) { return environ; }

#endif
