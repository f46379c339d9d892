internal import Glibc

/// Standard input, output and error.
enum StandardDescriptors {
    /// Fills those that are closed with `/dev/null`: the next socket would get their numbers, and what is meant
    /// for people would go to a peer.
    static func fill() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }
}
