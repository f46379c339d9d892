internal import CNCurses
internal import Glibc

/// The signals, as bytes in a pipe that the loop waits for.
enum SignalPipe {
    enum Signal: Equatable {
        case resized, stop, end
    }

    static var descriptor: CInt { cnc_signal_pipe() }

    static func take() -> [Signal] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe read(descriptor, $0.baseAddress, $0.count)
        }
        return bytes.prefix(max(0, count)).compactMap { number in
            switch CInt(number) {
            case SIGWINCH, SIGCONT: .resized
            case SIGTSTP: .stop
            case SIGTERM, SIGINT, SIGQUIT, SIGHUP: .end
            default: nil
            }
        }
    }
}
