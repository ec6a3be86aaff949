# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the client's tests."""

import pytest

from tests.client.play import Play


@pytest.fixture
def play(tmp_path):
    return Play(tmp_path)
