internal import Shared
internal import Yams

extension TLSListenerConfiguration {
    /// The keys of a single certificate are read together, by `FileReader.certificates`.
    static let keys = KeyTable("a listener's tls", TLSListenerConfiguration()) {
        Key(
            "certificate", \.certificates, .certificates,
            help: "As in {Sx A certificate}; or a list, as {Ic certificates}.")
        Key(
            KeyInfo("key", "path", [Schema.ref("whole-path")]))
        Key(
            KeyInfo("passphrase", "text", [Schema.ref("passphrase")]))
        Key(
            KeyInfo("passphrase-file", "path", [Schema.ref("whole-path")]))
        Key(
            KeyInfo("passphrase-env", "name", [Schema.ref("passphrase-env")]))
        Key(
            KeyInfo("names", "names", [Schema.ref("tls-names")]))
        Key(
            KeyInfo(
                "staple", "path", [Schema.ref("whole-path")],
                help: "Of the only certificate, as in {Sx A certificate}."))
        Key(
            KeyInfo(
                "certificates", "list", [Schema.ref("certificates")],
                help: """
                    Paths, or maps as in {Sx A certificate}, chosen among by the server
                    name that the client asks for.
                    The first is for everybody else.
                    """))
        Key("min-version", \.versions.least, .tlsVersion(unlike: .v12), help: "The default is 1.2.")
        Key("max-version", \.versions.most, .tlsVersion(unlike: .v13), help: "The default is 1.3.")
        Key(
            "ciphers", \.ciphers.ciphers, .ciphers,
            help: """
                Of TLS 1.2, as {Xr openssl-ciphers 1} writes them.
                The default is what Mozilla calls intermediate.
                """)
        Key("ciphersuites", \.ciphers.suites, .ciphers, help: "Of TLS 1.3, likewise.")
        Key(
            "curves", \.ciphers.curves, .ciphers,
            help: "For the exchange of keys, with {Ql :} between them.")
        Key(
            "alpn", \.alpn, .protocols,
            help: """
                What is spoken within TLS, the best first, as in `h2`.
                Without it nothing is said.
                """)
        Key(
            "client-certificate", \.clientCertificate, .word,
            help: """
                Whether clients show who they are: `none` (the default), `optional` or
                `required`.
                """)
        Key(
            "client-ca", \.clientCA, .wholePath, help: "The authorities of their certificates, PEM."
        )
        Key("crl", \.revoked, .wholePath, help: "Certificates of theirs that are revoked, PEM.")
        Key(
            "tickets", \.tickets, .flagOn,
            help: "Clients that come again need no full handshake. The default is yes.")
        Key(
            "ticket-lifetime", \.ticketLifetime,
            .time(TLSLimits.ticketLifetimes.lowerBound, upTo: TLSLimits.ticketLifetimes.upperBound),
            help: """
                How long they may take to come again, from 10s to 7d; the keys of
                tickets change as often.
                The default is 12h.
                """, writeIf: { $0.tickets })
        Key(
            "handshake-timeout", \.handshakeTimeout, .time(upTo: ValueReader.longestHold),
            help: "A handshake may take so long. The default is 10s.")
        Key(
            "max-handshakes", \.maxHandshakes, .number(TLSLimits.handshakes),
            help: "So many may have begun and not ended. The default is 4096.")
        Key(
            "unknown-name", \.unknownName, .word,
            help: """
                What a client meets that asks for a name of which there is no
                certificate: `first` (the default) or `refuse`.
                """)
        Key(
            "require-close-notify", \.requiresCloseNotify, .flag,
            help: """
                An end without TLS's own end is a broken connection.
                The default is no.
                """)
    }
}

extension TLSChannelConfiguration {
    static let keys = KeyTable("a channel's tls", TLSChannelConfiguration()) {
        Key(
            "verify", \.verifies, .flagOn,
            help: """
                The channel's certificate has to be good, and for the right name.
                The default is yes.
                """)
        Key("ca", \.ca, .wholePath, help: "The authorities, PEM; without it the system's.")
        Key("crl", \.revoked, .wholePath, help: "Certificates that are revoked, PEM.")
        Key(
            "name", \.name, .certifiedName,
            help: """
                The host name or address that the certificate has to be for; without it
                the one in the channel's address.
                """)
        Key(
            "sni", \.serverName, .requestedName,
            help: """
                The server name that is asked for: `none`, `client` for the one that the
                client has asked for, or a name.
                Without it the one that the certificate has to be for, unless that is an
                address.
                """)
        Key(
            "alpn", \.alpn, .offeredProtocols,
            help: """
                What is offered to be spoken, in a list, or `client` for what was agreed
                on with the client.
                """)
        Key("certificate", \.certificate, .ownCertificate, help: "Who we are, PEM.")
        Key(
            KeyInfo("key", "path", [Schema.ref("whole-path")]))
        Key(
            KeyInfo("passphrase", "text", [Schema.ref("passphrase")]))
        Key(
            KeyInfo("passphrase-file", "path", [Schema.ref("whole-path")]))
        Key(
            KeyInfo(
                "passphrase-env", "name", [Schema.ref("passphrase-env")],
                help: "Its key, as in {Sx A certificate}."))
        Key("min-version", \.versions.least, .tlsVersion(unlike: .v12))
        Key("max-version", \.versions.most, .tlsVersion(unlike: .v13))
        Key("ciphers", \.ciphers.ciphers, .ciphers)
        Key("ciphersuites", \.ciphers.suites, .ciphers)
        Key("curves", \.ciphers.curves, .ciphers)
        Key(
            "require-close-notify", \.requiresCloseNotify, .flag,
            help: "As in {Sx A listener's tls}.")
    }
}

extension KeySet {
    static let certificate = KeySet(
        "a certificate",
        [
            KeyInfo(
                "certificate", "path", [Schema.ref("whole-path")],
                help: "The certificate and those between it and its authority, PEM."),
            KeyInfo(
                "key", "path", [Schema.ref("whole-path")],
                help: "Its key, PEM; without it the key is in the certificate's file."),
            KeyInfo(
                "passphrase", "text", [Schema.ref("passphrase")],
                help: """
                    What the key is encrypted with.
                    It is never shown, and {Ql save} writes it.
                    """),
            KeyInfo(
                "passphrase-file", "path", [Schema.ref("whole-path")],
                help: "A file whose first line it is."),
            KeyInfo(
                "passphrase-env", "name", [Schema.ref("passphrase-env")],
                help: "A variable of the environment that holds it."),
            KeyInfo(
                "names", "names", [Schema.ref("tls-names")],
                help: """
                    The server names that the certificate is for, one or a list;
                    `*.example.com` is every name with one more label.
                    Without it they are those that the certificate says itself.
                    """),
            KeyInfo(
                "staple", "path", [Schema.ref("whole-path")],
                help: "Its authority's word that it is still good: an OCSP response, DER."),
        ])
}
