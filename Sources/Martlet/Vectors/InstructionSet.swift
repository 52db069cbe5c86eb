import CIntrinsics
import Glibc
import Kernels
import KernelsV3

/// The kernels in use: chosen once, from the processor.
public enum InstructionSet {
    /// The best table for this processor, or the one that MARTLET_KERNELS names, if it has that.
    static let kernels: kernels_table = {
        var tables = [Kernels.makeKernelTable()]
        if intrinsics_has_x86_64_v3() { tables.append(KernelsV3.makeKernelTable()) }
        let wanted = getenv("MARTLET_KERNELS").map { String(cString: $0) }
        return tables.first { String(cString: $0.name) == wanted } ?? tables.last!
    }()

    /// "baseline" or "x86-64-v3".
    public static let name = String(cString: kernels.name)
}
