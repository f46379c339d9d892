/// The escapes of the control protocol: tab, newline and backslash, in tables and in quoted words.
package enum Escape {
    package static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\t": "\\t"
        case "\n": "\\n"
        case "\\": "\\\\"
        default: String(scalar)
        }
    }

    package static func unescaped(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar {
        case "t": "\t"
        case "n": "\n"
        case "\\", "\"": scalar
        default: nil
        }
    }

    /// A table's value as it goes over the socket.
    package static func append(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            let letter: UInt8
            switch byte {
            case 0x09: letter = 0x74
            case 0x0A: letter = 0x6E
            case 0x5C: letter = 0x5C
            default:
                bytes.append(byte)
                continue
            }
            bytes.append(0x5C)
            bytes.append(letter)
        }
    }

    /// A table's value as it was meant; a backslash before anything else stands for itself.
    package static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(0x5C) else { return text }
        var plain = String.UnicodeScalarView()
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "\\", let next = scalars.next() else {
                plain.append(scalar)
                continue
            }
            if let meant = unescaped(next) {
                plain.append(meant)
            } else {
                plain.append(scalar)
                plain.append(next)
            }
        }
        return String(plain)
    }
}
