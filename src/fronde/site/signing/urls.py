# SPDX-License-Identifier: Apache-2.0
"""Where one signs and withdraws.  # spec: 15"""

from __future__ import annotations

from django.urls import re_path

from fronde.site.http import by_method
from fronde.site.letters import reading, views
from fronde.site.letters.urls import LETTER

from . import accept

urlpatterns = [
    re_path(
        LETTER + r"/sign\Z", by_method(GET=views.sign, POST=accept.sign, find=reading.exists), name="sign"
    ),
    re_path(LETTER + r"/withdraw\Z", by_method(POST=accept.withdraw, find=reading.exists)),
]
