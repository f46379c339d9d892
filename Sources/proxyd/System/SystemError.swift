internal import CLinux
internal import Glibc

/// A system call that failed: which one, and the kernel's reason.
struct SystemError: Error, Equatable {
    let call: StaticString
    let number: CInt

    /// Takes `errno` as it stands; nothing may run between the call and this.
    init(_ call: StaticString) {
        self.init(call, errno)
    }

    init(_ call: StaticString, _ number: CInt) {
        self.call = call
        self.number = number
    }

    static func == (left: SystemError, right: SystemError) -> Bool {
        left.number == right.number && left.call.description == right.call.description
    }

    /// The kernel's words for an error number (strerror(3)).
    static func words(for number: CInt) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        // The GNU function: it may answer with a text of its own instead of the buffer.
        guard let words = unsafe strerror_r(number, &buffer, buffer.count) else {
            return "error \(number)"
        }
        return unsafe String(cString: words)
    }

    /// Whether the call is the name of a socket option.
    static func isOption(_ call: StaticString) -> Bool {
        ["SO_", "IP_", "IPV6_", "TCP_"].contains { call.description.hasPrefix($0) }
    }

    /// We may not do that, though it can be done.
    var isForbidden: Bool { number == EACCES || number == EPERM }

    /// Descriptors or kernel memory have run out: we wait and try again.
    var isShortage: Bool {
        number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM
    }
}

extension SystemError: CustomStringConvertible {
    var description: String { "\(call): \(Self.words(for: number))" }
}
