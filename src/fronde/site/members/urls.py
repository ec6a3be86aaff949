# SPDX-License-Identifier: Apache-2.0
"""Where one reads a workplace's rule, joins and enrols.  # spec: 15"""

from __future__ import annotations

from django.urls import re_path

from fronde.site.http import by_method

from . import pages, views

WORKPLACE = r"^w/(?P<slug>[a-z0-9-]{1,40})"

urlpatterns = [
    re_path(WORKPLACE + r"\.json\Z", by_method(GET=views.twin, find=views.find), name="workplace-json"),
    re_path(WORKPLACE + r"/join\Z", by_method(GET=pages.join, POST=views.join, find=views.find), name="join"),
    re_path(WORKPLACE + r"/enrol\Z", by_method(POST=views.enrol, find=views.find), name="enrol"),
]
