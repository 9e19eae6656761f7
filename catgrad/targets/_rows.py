def rows_independent(function) -> bool:
    return False
