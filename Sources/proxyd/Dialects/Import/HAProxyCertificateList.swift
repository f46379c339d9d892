internal import Shared

/// The file of `crt-list`: a certificate and the names that it is for, line by line.
enum HAProxyCertificateList {
    static func certificates(
        _ path: String, _ defaults: HAProxyTLSDefaults, in hostEnvironment: HostEnvironment
    ) throws(HAProxyTLSProblem) -> [CertificateConfiguration] {
        guard case .success(let text) = hostEnvironment.file(path) else {
            throw HAProxyTLSProblem(text: "crt-list \(path) cannot be read")
        }
        var certificates: [CertificateConfiguration] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let file = words.first, !file.hasPrefix("#") else { continue }
            // One with rules of its own, which are nowhere here, is not the one that is asked for.
            guard !line.contains("["), !line.contains("!") else {
                throw HAProxyTLSProblem(
                    text: "crt-list \(path) has “[…]” or “!” (\(file.prefix(60)))")
            }
            let names = words.dropFirst().filter { $0 != "*" }
            let read = names.compactMap { try? TLSWords.name($0) }
            guard read.count == names.count else {
                throw HAProxyTLSProblem(
                    text: "crt-list \(path) has a malformed name (\(file.prefix(60)))")
            }
            let found = try HAProxyTLS.certificates(
                HAProxyTLS.path(file, below: defaults.certificateFolder, in: hostEnvironment),
                in: hostEnvironment)
            certificates += found.map { certificate in
                var certificate = certificate
                certificate.names = read
                return certificate
            }
        }
        return certificates
    }
}
