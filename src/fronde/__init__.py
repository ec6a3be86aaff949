# SPDX-License-Identifier: Apache-2.0
"""Fronde: anyone can check that N verified colleagues signed; nobody can tell which ones."""

__version__ = "0.1.0"
