# SPDX-License-Identifier: Apache-2.0
"""The addresses of the logs.  # spec: 15"""

from __future__ import annotations

from django.urls import re_path

from .views import views

LOGS = (r"^log/", r"^letters/(?P<letter_id>[a-z2-7]{16})/record/")
INDEX = r"(?P<index>0|[1-9][0-9]{0,15})"

urlpatterns = [re_path(r"^policy\Z", views["policy"])]
for log in LOGS:
    urlpatterns += [
        re_path(log + r"checkpoint\Z", views["checkpoint"]),
        re_path(log + r"(?P<path>tile/[a-z0-9/.]{1,80})\Z", views["tile"]),
        re_path(log + INDEX + r"\.tlog-proof\Z", views["proof"]),
    ]
