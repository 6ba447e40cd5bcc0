"""What every room uses: errors, output files, params.yaml, the records of datasets, pictures, threads."""
