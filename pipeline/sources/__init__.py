"""Where raw files come from: folders, addresses, archives, the package index; each file is proven."""
