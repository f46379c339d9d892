extension Mishaps {
    /// A cause with the kernel's name for it, where the last mishap of that kind has one:
    /// `refused (ECONNREFUSED)`.
    func words(for cause: String) -> String {
        guard let last = all.first(where: { $0.cause == cause }),
            let name = SystemError.name(of: last.errno)
        else { return cause }
        return "\(cause) (\(name))"
    }
}
