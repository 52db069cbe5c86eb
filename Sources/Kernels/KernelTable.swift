import CIntrinsics

public func makeKernelTable() -> kernels_table { kernels_table() }
