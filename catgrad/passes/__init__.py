"""The passes: one pass, one file; `tops_fuse.py` holds `TopsFusePass`, named `tops-fuse`."""
