# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: nothing leaves this machine, no deadline decides."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("fronde", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fronde")
