"""Who calls, whichever way it was proven."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Caller:
    user_id: str
    method: Literal["key", "jwt", "proxy"]
    email: str | None = None
    name: str | None = None
    # The role of the user, and their groups.
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
