// The tables themselves.
// Invariant: a table's name says what its kernels were compiled for, wherever it is read.

import CIntrinsics
import Testing

@Suite struct KernelTableTests {
    @Test func namesSayTheInstructionSet() {
        #expect(String(cString: KernelSet.baseline.table.name) == "baseline")
        #expect(String(cString: KernelSet.x86V3.table.name) == "x86-64-v3")
    }

    @Test func tablesShareNoKernel() {
        let (baseline, x86V3) = (KernelSet.baseline.table, KernelSet.x86V3.table)
        #expect(address(baseline.squared_distances) != address(x86V3.squared_distances))
        #expect(address(baseline.dot_products) != address(x86V3.dot_products))
        #expect(address(baseline.code_distances) != address(x86V3.code_distances))
        #expect(address(baseline.mixed_distances) != address(x86V3.mixed_distances))
        #expect(address(baseline.convert) != address(x86V3.convert))
        #expect(address(baseline.rotate) != address(x86V3.rotate))
        #expect(address(baseline.unrotate) != address(x86V3.unrotate))
        #expect(address(baseline.encode) != address(x86V3.encode))
        #expect(address(baseline.make_lookup) != address(x86V3.make_lookup))
        #expect(address(baseline.encode_links) != address(x86V3.encode_links))
        #expect(address(baseline.estimate) != address(x86V3.estimate))
        #expect(address(baseline.select_integers) != address(x86V3.select_integers))
        #expect(address(baseline.select_doubles) != address(x86V3.select_doubles))
        #expect(address(baseline.select_byte) != address(x86V3.select_byte))
        #expect(address(baseline.select_number) != address(x86V3.select_number))
        #expect(address(baseline.select_numbers) != address(x86V3.select_numbers))
    }

    private func address<Kernel>(_ kernel: Kernel) -> UInt {
        unsafeBitCast(kernel, to: UInt.self)
    }
}
