# duckdb_sql.py LIBRARY: run the statements of stdin, one a line, by DuckDB's C library, and print the rows of the last one.
import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])


class Result(ctypes.Structure):
    _fields_ = [("numbers", ctypes.c_uint64 * 3), ("pointers", ctypes.c_void_p * 3)]


library.duckdb_value_varchar.restype = ctypes.c_void_p
library.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
library.duckdb_result_error.restype = ctypes.c_char_p
library.duckdb_row_count.restype = ctypes.c_uint64
library.duckdb_column_count.restype = ctypes.c_uint64


def text(result, column, row):
    value = library.duckdb_value_varchar(ctypes.byref(result), column, row)
    return "" if value is None else ctypes.string_at(value).decode()


database, connection = ctypes.c_void_p(), ctypes.c_void_p()
if library.duckdb_open(None, ctypes.byref(database)) or library.duckdb_connect(database, ctypes.byref(connection)):
    sys.exit("DuckDB does not open")
for statement in sys.stdin:
    result = Result()
    if library.duckdb_query(connection, statement.encode(), ctypes.byref(result)):
        sys.exit(library.duckdb_result_error(ctypes.byref(result)).decode())
    rows = [
        "|".join(text(result, column, row) for column in range(library.duckdb_column_count(ctypes.byref(result))))
        for row in range(library.duckdb_row_count(ctypes.byref(result)))
    ]
print("\n".join(rows))
