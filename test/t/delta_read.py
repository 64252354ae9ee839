# delta_read.py TABLE VERSION OUTPUT: write the rows of a version of a table of Delta Lake as CSV, read by delta-rs and Arrow.
import os
import sys

import pyarrow
import pyarrow.csv
import pyarrow.types
from deltalake import DeltaTable

table = DeltaTable(sys.argv[1], version=int(sys.argv[2])).to_pyarrow_table()
columns = [
    column.cast(pyarrow.string()) if pyarrow.types.is_decimal(column.type) else column for column in table.columns
]
pyarrow.csv.write_csv(
    pyarrow.table(columns, names=table.column_names), sys.argv[3], pyarrow.csv.WriteOptions(include_header=False)
)
# without the threads' own end, of which a process now and then dies
os._exit(0)
