# SPDX-License-Identifier: Apache-2.0
"""The record: the nouns of c2sp.org."""
