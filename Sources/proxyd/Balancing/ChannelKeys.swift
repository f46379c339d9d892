internal import Shared

/// Who a channel is to policies that give each client its own.
enum ChannelKeys {
    /// Names stay when channels are listed in another order, indexes do not: who has no name of its own
    /// goes by its address. Of equals, each is numbered.
    static func keys(
        of channels: [(name: String, endpoint: Endpoint)], asHostValues: Bool
    ) -> [UInt64] {
        var seen: [UInt64: UInt64] = [:]
        return channels.map { name, endpoint in
            if asHostValues { return UInt64(LighttpdHash.hostValue(of: endpoint)) }
            let isNumber = name.utf8.allSatisfy { (0x30...0x39).contains($0) }
            let key = Mix.bytes((isNumber ? "\(endpoint)" : name).utf8)
            let count = seen[key, default: 0]
            seen[key] = count + 1
            return count == 0 ? key : Mix.two(key, count)
        }
    }
}
