"""The rows of a dataset in all their forms: IDX files, blocks in memory, Arrow tables, Parquet files."""
