# SPDX-License-Identifier: Apache-2.0
"""Slots, issuing, accepting and sequencing."""
