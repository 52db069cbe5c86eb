import CIntrinsics
import Kernels
import KernelsV3
func pick() -> kernels_table { intrinsics_has_x86_64_v3() ? KernelsV3.makeKernelTable() : Kernels.makeKernelTable() }
public final class Index { public let t = pick(); public init() {} }
