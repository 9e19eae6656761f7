"""The dialects: `cat` (structure) and `tops` (tensor operations)."""
