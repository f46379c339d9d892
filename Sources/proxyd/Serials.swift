/// Numbers for services, groups, channels and listeners, never given twice while the daemon lives.
final class Serials {
    private var last: UInt64 = 0

    func next() -> UInt64 {
        last += 1
        return last
    }
}
