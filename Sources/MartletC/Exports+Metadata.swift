import CMartlet
import Martlet

@_cdecl("martlet_get_columns")
public func martletGetColumns(
    _ handle: OpaquePointer?, _ names: UnsafeMutablePointer<martlet_text>?,
    _ types: UnsafeMutablePointer<martlet_type>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        try withTextOutput(names, "names") { names throws(MartletError) in
            for (place, type) in try index.columnTypes(writingNamesTo: &names).enumerated() {
                types?[place] = type.rawValue
            }
        }
    }
}

@_cdecl("martlet_get_values")
public func martletGetValues(
    _ handle: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ nameSize: UInt64,
    _ rows: UnsafePointer<Int64>?, _ count: UInt64, _ values: UnsafeMutablePointer<martlet_values>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        let name = try text("name", name, nameSize)
        let count = try int("count", count)
        guard rows != nil || count == 0 else {
            throw .invalidArgument("rows is NULL, but count is \(count), not 0")
        }
        let rows = UnsafeBufferPointer(start: rows, count: count)
        try withColumnOutput(values) { output throws(MartletError) in
            try index.values(of: name, rows: rows, into: &output)
        }
    }
}

@_cdecl("martlet_update_metadata")
public func martletUpdateMetadata(
    _ handle: OpaquePointer?, _ ids: UnsafePointer<martlet_ids>?,
    _ columns: UnsafePointer<martlet_column>?, _ columnCount: UInt64
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        let columns = try ColumnSource.columns(columns, columnCount)
        try index.updateMetadata(given(ids), columns)
    }
}
