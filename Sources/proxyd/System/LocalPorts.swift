internal import Glibc

/// The ports that the kernel gives to connections of ours (ip(7), ip_local_port_range).
enum LocalPorts {
    /// How many there are; nil where the kernel's files are not mounted.
    static var count: Int? {
        let number = unsafe open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = FileDescriptor(owning: number)
        var space = [UInt8](repeating: 0, count: 64)
        let read = unsafe Glibc.read(file.number, &space, space.count)
        let words = String(decoding: space.prefix(max(0, read)), as: UTF8.self)
            .split { !$0.isNumber }.compactMap { Int($0) }
        guard words.count == 2, words[0] <= words[1] else { return nil }
        return words[1] - words[0] + 1
    }
}
