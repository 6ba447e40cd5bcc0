"""The forms in which people have such data, each read a block at a time and rebuilt as raw IDX files."""
