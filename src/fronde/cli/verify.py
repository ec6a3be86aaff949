# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any


def register(commands: Any) -> None: ...
