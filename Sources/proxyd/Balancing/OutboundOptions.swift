internal import Shared
internal import Synchronization

/// How connections to a channel leave this machine, where that is not the kernel's choice.
final class OutboundOptions: Sendable {
    let options: SocketOptions
    /// How the channel learns of the client; nil: it does not.
    let proxyProtocol: ProxyProtocolOut?
    /// In turns, so that each has its own ports.
    private let v4: [SocketAddress]
    private let v6: [SocketAddress]
    /// Each client's own address.
    let isTransparent: Bool
    private let turn = Atomic<Int>(0)

    /// nil where everything is the kernel's choice.
    init?(_ channel: ChannelConfiguration) {
        guard channel.source != nil || channel.socket != nil || channel.proxyProtocol != nil else {
            return nil
        }
        proxyProtocol = channel.proxyProtocol
        options = channel.socket ?? SocketOptions()
        var addresses: [IPAddress] = []
        if case .addresses(let given)? = channel.source { addresses = given }
        isTransparent = channel.source == .client
        let all = addresses.compactMap { SocketAddress(.ip($0, port: 0)) }
        v4 = all.filter { $0.family == SocketAddress.v4Family }
        v6 = all.filter { $0.family == SocketAddress.v6Family }
    }

    /// For the next connection to that address. A client of another family than its channel cannot be its
    /// source; the kernel chooses one then.
    func binding(to address: SocketAddress, for client: Endpoint) -> ChannelSocket.LocalBinding {
        var binding = ChannelSocket.LocalBinding(options: options)
        if isTransparent {
            guard case .ip(let own, _) = client else { return binding }
            binding.source = SocketAddress(.ip(own.unmapped, port: 0))
            binding.isTransparent = true
            return binding
        }
        let sources = address.family == SocketAddress.v4Family ? v4 : v6
        guard !sources.isEmpty else { return binding }
        let number = turn.wrappingAdd(1, ordering: .relaxed).newValue
        binding.source = sources[Int(UInt(bitPattern: number) % UInt(sources.count))]
        return binding
    }

    /// Connections to one address that can exist at a time, by ports that the kernel gives out.
    func ports(range: Int) -> Int { max(1, max(v4.count, v6.count)) * range }

    /// Tries everything on a socket that connects nowhere.
    ///
    /// - Throws: with the name of the option as the call.
    func validateOptions() throws(SystemError) {
        let needsV6 = v4.isEmpty && !v6.isEmpty
        let family = needsV6 ? SocketAddress.v6Family : SocketAddress.v4Family
        var binding = ChannelSocket.LocalBinding(options: options)
        if isTransparent {
            // TEST-NET-1 (RFC 5737), which no machine has.
            binding.source = SocketAddress(.ip(.v4(0xC000_0201), port: 0))
            binding.isTransparent = true
        }
        _ = try ChannelSocket.prepared(binding, family: family)
        binding.options = SocketOptions()
        for source in v4 + v6 {
            binding.source = source
            _ = try ChannelSocket.prepared(binding, family: source.family)
        }
    }
}
