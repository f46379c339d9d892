extension ChannelErrors {
    /// A cause with what is known of the last error of that kind: the kernel's name for it, or why TLS failed:
    /// `refused (ECONNREFUSED)`, `certificate: certificate has expired`.
    func words(for cause: String) -> String {
        guard let last = last(of: cause) else { return cause }
        guard let name = SystemError.name(of: last.errno) else { return last.cause }
        return "\(last.cause) (\(name))"
    }

    /// The same without the kernel's name.
    func details(of cause: String) -> String { last(of: cause)?.cause ?? cause }

    private func last(of cause: String) -> Entry? {
        all.first { $0.cause == cause || $0.cause.hasPrefix(cause + ": ") }
    }
}
