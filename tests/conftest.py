# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: nothing leaves this machine, no deadline decides."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A story's browser keeps an event loop in the thread of the tests, beside which Django would refuse to work.
# No test of the site runs inside that loop.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

settings.register_profile("fronde", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fronde")
