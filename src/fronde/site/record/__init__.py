# SPDX-License-Identifier: Apache-2.0
"""The record as it is stored and served."""
