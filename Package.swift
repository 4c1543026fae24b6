// swift-tools-version: 6.2
import PackageDescription

/// The one list of settings. Every target of ours is built with it; a warning is an error.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func product(_ name: String, _ package: String) -> Target.Dependency {
  .product(name: name, package: package)
}

let logging = product("Logging", "swift-log")
let metrics = product("Metrics", "swift-metrics")
let arguments = product("ArgumentParser", "swift-argument-parser")
let lifecycle = product("ServiceLifecycle", "swift-service-lifecycle")
let jwt = product("JWTKit", "jwt-kit")

/// Arrows go one way: a target names only what stands above it in this file.
let package = Package(
  name: "seriald",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "SerialFormat", targets: ["SerialFormat"]),
    .library(name: "Allocator", targets: ["Allocator"]),
    .library(name: "SerialClient", targets: ["SerialClient"]),
    .executable(name: "seriald", targets: ["seriald"]),
    .executable(name: "serialctl", targets: ["serialctl"]),
    .library(name: "ClockShim", type: .dynamic, targets: ["ClockShim"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(
      url: "https://github.com/apple/swift-configuration", from: "1.4.0",
      traits: [.defaults, "CommandLineArguments"]),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    // The core: pure, no clock, no randomness, no input or output.
    .target(name: "SerialFormat", swiftSettings: strict),
    .target(name: "LeaseCore", dependencies: ["SerialFormat"], swiftSettings: strict),

    // The actor that runs the core's actions, and the store it can run on without a server.
    .target(
      name: "Allocator", dependencies: ["LeaseCore", "SerialFormat", logging, metrics],
      swiftSettings: strict),
    .target(
      name: "MemoryCoordinator", dependencies: ["Allocator", "LeaseCore", "SerialFormat"],
      swiftSettings: strict),

    // What a node was granted, on its own disk.
    .target(
      name: "GrantJournal", dependencies: ["Allocator", "LeaseCore", "SerialFormat"],
      swiftSettings: strict),

    // PostgreSQL, by libpq and libssl.
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "LibPQ", dependencies: ["CLibPQ", "COpenSSL", logging], swiftSettings: strict),
    .target(
      name: "Coordinator",
      dependencies: [
        "LibPQ", "Allocator", "LeaseCore", "SerialFormat", logging,
        product("Crypto", "swift-crypto"),
      ],
      resources: [.embedInCode("SQL"), .embedInCode("Migrations")],
      swiftSettings: strict),

    // The registry: what it keeps and its ports, and the tables that it keeps it in.
    .target(
      name: "Records", dependencies: ["Allocator", "LeaseCore", "SerialFormat"],
      swiftSettings: strict),
    .target(
      name: "Registry",
      dependencies: [
        "Records", "Coordinator", "LibPQ", "Allocator", "LeaseCore", "SerialFormat", logging,
      ],
      resources: [.embedInCode("SQL")],
      swiftSettings: strict),

    // The node's interface.
    .target(
      name: "SerialAuth", dependencies: [jwt, product("Crypto", "swift-crypto")],
      swiftSettings: strict),
    .target(
      name: "PrometheusText", dependencies: [product("CoreMetrics", "swift-metrics")],
      swiftSettings: strict),
    .target(
      name: "SerialAPI",
      dependencies: [
        "Records", "Allocator", "LeaseCore", "SerialFormat", "SerialAuth", "PrometheusText",
        logging,
        metrics,
        product("Crypto", "swift-crypto"),
        product("Hummingbird", "hummingbird"), product("HummingbirdCore", "hummingbird"),
        product("HummingbirdTLS", "hummingbird"), product("HTTPTypes", "swift-http-types"),
        product("NIOCore", "swift-nio"), product("NIOHTTP1", "swift-nio"),
        product("NIOSSL", "swift-nio-ssl"), lifecycle,
        product("NIOHTTPTypes", "swift-nio-extras"),
        product("NIOHTTPTypesHTTP1", "swift-nio-extras"),
      ],
      resources: [.embedInCode("OpenAPI/openapi.yaml")],
      swiftSettings: strict),

    // For programs that use a cluster.
    .target(
      name: "SerialClient",
      dependencies: [
        "SerialFormat", logging, product("AsyncHTTPClient", "async-http-client"),
        product("NIOCore", "swift-nio"), product("NIOHTTP1", "swift-nio"),
        product("NIOPosix", "swift-nio"), product("NIOSSL", "swift-nio-ssl"),
        product("NIOFoundationCompat", "swift-nio"),
      ],
      swiftSettings: strict),

    // A whole cluster on this machine: authority, private PostgreSQL, nodes.
    .target(
      name: "LocalCluster",
      dependencies: [
        product("X509", "swift-certificates"), product("Crypto", "swift-crypto"),
        product("SwiftASN1", "swift-asn1"),
      ],
      swiftSettings: strict),

    // Numbers by chance that a seed repeats.
    .target(name: "SeededRandom", path: "chaos/SeededRandom", swiftSettings: strict),
    // Faults on the way between two processes: for tests, and for chaos with real processes.
    .target(
      name: "FaultProxy",
      dependencies: [
        "SeededRandom", product("NIOCore", "swift-nio"), product("NIOPosix", "swift-nio"),
      ],
      path: "chaos/FaultProxy", swiftSettings: strict),

    // Seeded schedules of faults against the real lease machine, in one process.
    .target(
      name: "Simulator",
      dependencies: ["MemoryCoordinator", "Allocator", "LeaseCore", "SerialFormat"],
      path: "chaos/Simulator", swiftSettings: strict),
    // Chaos with real processes: what happened, what it means, how it is shown.
    .target(name: "ChaosHistory", path: "chaos/History", swiftSettings: strict),
    .target(
      name: "ChaosVerdict", dependencies: ["ChaosHistory", "SerialFormat"], path: "chaos/Verdict",
      swiftSettings: strict),
    .target(
      name: "ChaosReport", dependencies: ["ChaosVerdict", "ChaosHistory", "SerialFormat"],
      path: "chaos/Report", swiftSettings: strict),
    .target(
      name: "ChaosLoad",
      dependencies: [
        "SeededRandom", "ChaosHistory", "SerialAuth",
        product("AsyncHTTPClient", "async-http-client"),
        product("NIOCore", "swift-nio"), product("NIOPosix", "swift-nio"),
        product("NIOHTTP1", "swift-nio"),
      ], path: "chaos/Load", swiftSettings: strict),
    .target(name: "ClockShim", path: "chaos/ClockShim"),
    .target(
      name: "ChaosCluster",
      dependencies: ["ChaosHistory", "FaultProxy", "LibPQ", "LocalCluster", logging],
      path: "chaos/Cluster", swiftSettings: strict),
    .target(
      name: "ChaosScenarios",
      dependencies: [
        "ChaosHistory", "ChaosCluster", "ChaosLoad", "FaultProxy", "SeededRandom", "LocalCluster",
      ], path: "chaos/Scenarios", swiftSettings: strict),
    .executableTarget(
      name: "chaos",
      dependencies: [
        "Simulator", "ChaosHistory", "ChaosVerdict", "ChaosReport", "ChaosScenarios",
        "ChaosCluster", arguments,
      ], path: "chaos/Runner", swiftSettings: strict),

    .executableTarget(
      name: "seriald",
      dependencies: [
        "Coordinator", "Records", "Registry", "LibPQ", "GrantJournal", "Allocator", "LeaseCore",
        "SerialAPI", "SerialAuth", "PrometheusText", "SerialFormat", arguments, lifecycle, logging,
        metrics,
        product("Configuration", "swift-configuration"),
        product("SystemPackage", "swift-system"),
        product("UnixSignals", "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "serialctl",
      dependencies: [
        "SerialFormat", "SerialAuth", "SerialClient", "LocalCluster", "Registry", "LibPQ",
        arguments, logging,
      ],
      swiftSettings: strict),

    // Measures a node beside the bare database.
    .executableTarget(
      name: "serialbench",
      dependencies: [
        "LocalCluster", "LibPQ", "SerialAuth", arguments, logging,
        product("AsyncHTTPClient", "async-http-client"), product("NIOCore", "swift-nio"),
        product("NIOHTTP1", "swift-nio"),
      ],
      resources: [.embedInCode("SQL")],
      swiftSettings: strict),

    // Tests. The conformance suite is a library: the ledger in memory and PostgreSQL both pass it.
    .target(
      name: "CoordinatorConformance", dependencies: ["Allocator", "LeaseCore", "SerialFormat"],
      path: "Tests/CoordinatorConformance", swiftSettings: strict),
    // A PostgreSQL over TLS with the schema, for the tests that need one.
    .target(
      name: "DatabaseFixture", dependencies: ["Coordinator", "LibPQ", "LocalCluster", logging],
      path: "Tests/DatabaseFixture", swiftSettings: strict),
    .testTarget(
      name: "SerialFormatTests", dependencies: ["SerialFormat"], swiftSettings: strict),
    .testTarget(
      name: "LeaseCoreTests", dependencies: ["LeaseCore", "SerialFormat"], swiftSettings: strict),
    .testTarget(
      name: "AllocatorTests",
      dependencies: [
        "CoordinatorConformance", "MemoryCoordinator", "Allocator", "LeaseCore", "SerialFormat",
        logging,
      ], swiftSettings: strict),
    .testTarget(name: "SimulatorTests", dependencies: ["Simulator"], swiftSettings: strict),
    .testTarget(
      name: "ChaosTests",
      dependencies: ["ChaosReport", "ChaosVerdict", "ChaosHistory", "SerialFormat"],
      swiftSettings: strict),
    .testTarget(
      name: "GrantJournalTests",
      dependencies: ["GrantJournal", "Allocator", "LeaseCore", "SerialFormat"],
      swiftSettings: strict),
    .testTarget(
      name: "LocalClusterTests", dependencies: ["LocalCluster"], exclude: ["fake-seriald"],
      swiftSettings: strict),
    .testTarget(name: "LibPQTests", dependencies: ["LibPQ", logging], swiftSettings: strict),
    .testTarget(
      name: "FaultProxyTests",
      dependencies: [
        "FaultProxy", "SeededRandom", product("NIOCore", "swift-nio"),
        product("NIOPosix", "swift-nio"),
      ], swiftSettings: strict),
    .testTarget(
      name: "CoordinatorTests",
      dependencies: [
        "CoordinatorConformance", "DatabaseFixture", "Coordinator", "FaultProxy", "GrantJournal",
        "LibPQ", "Allocator", "LeaseCore", "SerialFormat", "LocalCluster", logging,
      ], swiftSettings: strict),
    .testTarget(
      name: "RecordsTests", dependencies: ["Records", "SerialFormat"], swiftSettings: strict),
    .testTarget(
      name: "RegistryTests",
      dependencies: [
        "DatabaseFixture", "Registry", "Records", "Coordinator", "LibPQ", "Allocator", "LeaseCore",
        "SerialFormat", "LocalCluster", logging,
      ], swiftSettings: strict),
    .testTarget(
      name: "SerialAuthTests",
      dependencies: [
        "SerialAuth", jwt, product("Crypto", "swift-crypto"),
        product("CryptoExtras", "swift-crypto"),
      ], swiftSettings: strict),
    .testTarget(
      name: "PrometheusTextTests",
      dependencies: ["PrometheusText", product("CoreMetrics", "swift-metrics")],
      swiftSettings: strict),
    .testTarget(
      name: "SerialAPITests",
      dependencies: [
        "Records", "Allocator", "LeaseCore", "SerialFormat", "SerialAuth", "PrometheusText",
        "SerialAPI", logging, metrics, lifecycle, jwt, product("Hummingbird", "hummingbird"),
        product("HummingbirdTesting", "hummingbird"), product("HTTPTypes", "swift-http-types"),
        product("NIOCore", "swift-nio"), product("NIOPosix", "swift-nio"),
        product("NIOHTTP1", "swift-nio"), product("NIOEmbedded", "swift-nio"),
        product("NIOHTTPTypes", "swift-nio-extras"),
        product("NIOSSL", "swift-nio-ssl"), product("X509", "swift-certificates"),
        product("Crypto", "swift-crypto"), product("SwiftASN1", "swift-asn1"),
      ], swiftSettings: strict),
    .testTarget(
      name: "SerialClientTests",
      dependencies: [
        "SerialClient", "SerialFormat", "LocalCluster", logging, product("NIOCore", "swift-nio"),
        product("NIOPosix", "swift-nio"), product("NIOHTTP1", "swift-nio"),
        product("NIOSSL", "swift-nio-ssl"),
      ], swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "seriald", "serialctl", "LocalCluster", "SerialAuth", "SerialFormat", "SerialClient",
        "LibPQ", logging,
        product("AsyncHTTPClient", "async-http-client"), product("NIOCore", "swift-nio"),
        product("NIOHTTP1", "swift-nio"),
      ], swiftSettings: strict),
  ]
)
