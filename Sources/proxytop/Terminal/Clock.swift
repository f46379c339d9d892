internal import Glibc

extension Moment {
    /// Reads the clocks once.
    static func read() -> Moment {
        var steady = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &steady)
        var wall = time(nil)
        var local = unsafe tm()
        unsafe localtime_r(&wall, &local)
        return Moment(
            milliseconds: UInt64(steady.tv_sec) * 1000 + UInt64(steady.tv_nsec) / 1_000_000,
            wallSeconds: Int64(wall), offsetSeconds: unsafe Int64(local.tm_gmtoff))
    }
}
