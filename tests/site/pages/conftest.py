# SPDX-License-Identifier: Apache-2.0
"""The fixtures of a reader."""

from tests.site.pages.reader import instance, show

__all__ = ["instance", "show"]
