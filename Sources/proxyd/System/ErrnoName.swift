internal import CLinux
internal import Glibc

extension SystemError {
    /// `ECONNREFUSED` for 111; nil for a number that Linux does not have (strerrorname_np(3)).
    static func name(of number: CInt) -> String? {
        guard number > 0, let name = unsafe strerrorname_np(number) else { return nil }
        return unsafe String(cString: name)
    }
}
