import Glibc
import Testing

@testable import Martlet

@Suite struct InstructionSetTests {
    /// Meant for every way the suite is run, with and without MARTLET_KERNELS.
    @Test func theKernelsInUseAreTheOnesAskedFor() {
        let names = ["baseline", "x86-64-v3"]
        #expect(names.contains(InstructionSet.name))
        if getenv("MARTLET_KERNELS").map({ String(cString: $0) }) == names[0] {
            #expect(InstructionSet.name == names[0])
        }
    }
}
