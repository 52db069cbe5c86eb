import CIntrinsics

/// Fills a C program's table with this module's kernels.
@_cdecl("fill_kernels_table")
func fillKernelsTable(_ table: UnsafeMutablePointer<kernels_table>) {
    table.pointee = makeKernelTable()
}
