"""The rows of all ops, by mnemonic."""

from tests.op_cases.elementwise import BINARY, UNARY
from tests.op_cases.model import Case, Literal, Row
from tests.op_cases.others import CREATION, MOVEMENT, OTHERS

ROWS = {row.op: row for row in (*CREATION, *UNARY, *BINARY, *MOVEMENT, *OTHERS)}

__all__ = ["ROWS", "Case", "Literal", "Row"]
