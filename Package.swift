// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Overlapping accesses are found in debug builds, in which every test runs (docs/decisions/0030).
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]
// Makes glibc declare splice, pipe2 and accept4. Set on every target alike, tests included: defined
// in a shim header instead, it clashes with the Glibc module, which was built without it.
let cSettings: [CSetting] = [.define("_GNU_SOURCE")]

let package = Package(
    name: "proxyd",
    products: [
        .executable(name: "proxyd", targets: ["proxyd"]),
        .executable(name: "proxytop", targets: ["proxytop"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .target(name: "CLinux", cSettings: cSettings),
        .target(
            name: "CNCurses", cSettings: cSettings,
            linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
        .target(name: "CEdit", cSettings: cSettings, linkerSettings: [.linkedLibrary("edit")]),
        .target(
            name: "COpenSSL", cSettings: cSettings,
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "Shared", cSettings: cSettings, swiftSettings: swiftSettings),
        .executableTarget(
            name: "proxyd",
            dependencies: [
                "CEdit", "CLinux", "COpenSSL", "Shared",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Yams", package: "Yams"),
            ],
            cSettings: cSettings, swiftSettings: swiftSettings),
        .executableTarget(
            name: "proxytop",
            dependencies: [
                "CLinux", "CNCurses", "Shared",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            cSettings: cSettings, swiftSettings: swiftSettings),
        // Programs that run beside the tests.
        .target(
            name: "TestProcess", path: "Tests/TestProcess",
            cSettings: cSettings, swiftSettings: swiftSettings),
        // A private tmux server, for the tests that look at a screen.
        .target(
            name: "TestTerminal", dependencies: ["TestProcess"], path: "Tests/TestTerminal",
            cSettings: cSettings, swiftSettings: swiftSettings),
        // Reads the pages of docs/man, for the tests that keep them true.
        .target(
            name: "TestManual", path: "Tests/TestManual",
            cSettings: cSettings, swiftSettings: swiftSettings),
        // Makes certificates, for the tests of TLS.
        .target(
            name: "TestAuthority", dependencies: ["TestProcess"], path: "Tests/TestAuthority",
            cSettings: cSettings, swiftSettings: swiftSettings),
        .testTarget(
            name: "SharedTests", dependencies: ["Shared"],
            cSettings: cSettings, swiftSettings: swiftSettings),
        .testTarget(
            name: "proxydTests",
            dependencies: [
                "proxyd", "Shared", "CLinux", "COpenSSL", "TestAuthority", "TestManual",
            ],
            cSettings: cSettings, swiftSettings: swiftSettings),
        .testTarget(
            name: "proxytopTests",
            dependencies: ["proxytop", "Shared", "TestManual", "TestTerminal"],
            exclude: ["Golden"],
            cSettings: cSettings, swiftSettings: swiftSettings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Shared", "CLinux", "TestAuthority", "TestManual", "TestProcess", "TestTerminal",
            ],
            cSettings: cSettings, swiftSettings: swiftSettings),
    ]
)
