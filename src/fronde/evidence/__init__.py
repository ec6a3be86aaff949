# SPDX-License-Identifier: Apache-2.0
"""Public contracts: files as received, one DuckDB file made from them, questions, decisions."""
