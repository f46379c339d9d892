/// `connect`: the kernel at the other end accepts, which is all that this proves. Says nothing.
struct ConnectExchange: ProbeExchange {
    mutating func begin() -> ProbeMove { .done(.good()) }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> ProbeMove { .done(.good()) }

    mutating func end() -> ProbeResult { .good() }

    func expire() -> ProbeResult { .bad("timeout") }
}
