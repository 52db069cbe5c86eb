// swift-tools-version: 6.1
import PackageDescription

/// Baseline and x86-64-v3 kernels share one folder of sources: KernelsV3 is a symbolic link.
#if arch(x86_64)
    let x86V3: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=x86-64-v3"])]
#else
    let x86V3: [SwiftSetting] = []
#endif

/// libmartlet.so carries the Swift runtime inside and exports the C functions only.
let selfContained: [LinkerSetting] = [
    .unsafeFlags([
        "-static-stdlib",
        "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/MartletC/exports.map",
        "-Xlinker", "--gc-sections",
        "-Xlinker", "-soname=libmartlet.so.0",
    ])
]

let package = Package(
    name: "martlet",
    products: [
        .library(name: "Martlet", targets: ["Martlet"]),
        .library(name: "martlet", type: .dynamic, targets: ["MartletC"]),
    ],
    targets: [
        .systemLibrary(name: "CMartlet", path: "include"),
        .systemLibrary(name: "CIntrinsics", path: "Sources/CIntrinsics"),
        .target(name: "Kernels", dependencies: ["CIntrinsics"]),
        .target(name: "KernelsV3", dependencies: ["CIntrinsics"], swiftSettings: x86V3),
        .target(name: "Martlet", dependencies: ["Kernels", "KernelsV3", "CIntrinsics"]),
        .target(
            name: "MartletC", dependencies: ["Martlet", "CMartlet"],
            exclude: ["exports.map"], linkerSettings: selfContained),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "KernelsV3", "CIntrinsics"]),
        .target(
            name: "MartletTestSupport", dependencies: ["Martlet"], path: "Tests/MartletTestSupport"),
        .testTarget(name: "MartletTests", dependencies: ["Martlet", "MartletTestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
