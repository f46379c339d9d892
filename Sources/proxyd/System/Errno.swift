internal import Glibc

/// The error numbers that we distinguish, by what they mean for a connection.
enum Errno {
    case refused, unreachable, timedOut, reset, descriptors, ports, memory, other

    init(_ number: CInt) {
        switch number {
        // A Unix socket that is missing or whose queue is full refuses, too (unix(7)).
        case ECONNREFUSED, ENOENT, EAGAIN, EACCES, EPERM: self = .refused
        case ENETUNREACH, EHOSTUNREACH, EHOSTDOWN, ENETDOWN, ENONET, EAFNOSUPPORT:
            self = .unreachable
        case ETIMEDOUT: self = .timedOut
        case ECONNRESET, EPIPE, ECONNABORTED: self = .reset
        case EMFILE, ENFILE: self = .descriptors
        case EADDRNOTAVAIL, EADDRINUSE: self = .ports
        case ENOBUFS, ENOMEM, ENOSPC: self = .memory
        default: self = .other
        }
    }
}
