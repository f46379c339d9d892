/// `connect`: the kernel at the other end accepts, which is all that this proves. Says nothing.
/// `tls`: it has agreed on TLS, with a good certificate.
struct ConnectExchange: ProbeExchange {
    private let result: ProbeResult

    init(proves isTLS: Bool = false) { result = isTLS ? .good("ok: TLS") : .good() }

    mutating func begin() -> ProbeMove { .done(result) }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> ProbeMove { .done(.good()) }

    mutating func end() -> ProbeResult { .good() }

    func expire() -> ProbeResult { .bad("timeout") }
}
