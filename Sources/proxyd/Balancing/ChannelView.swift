internal import Shared

/// A channel's settings at one time, and where its name leads: replaced as a whole by a change.
final class ChannelView: Sendable {
    let settings: ChannelConfiguration
    let addresses: AddressBook
    /// How connections to it leave; nil: as the kernel likes.
    let outbound: OutboundOptions?
    /// TLS with it; nil: bytes go to it as they come.
    let tls: TLSClient?
    /// TLS of probes that speak it: as sessions do, or else as is usual.
    let probeTLS: TLSClient?

    init(
        _ settings: ChannelConfiguration, addresses: AddressBook, outbound: OutboundOptions?,
        tls: TLSClient? = nil, probeTLS: TLSClient? = nil
    ) {
        self.settings = settings
        self.addresses = addresses
        self.outbound = outbound
        self.tls = tls
        self.probeTLS = probeTLS
    }

    func with(addresses: AddressBook) -> ChannelView {
        ChannelView(
            settings, addresses: addresses, outbound: outbound, tls: tls, probeTLS: probeTLS)
    }

    func with(tls: TLSClient?, probeTLS: TLSClient?) -> ChannelView {
        ChannelView(
            settings, addresses: addresses, outbound: outbound, tls: tls, probeTLS: probeTLS)
    }
}
