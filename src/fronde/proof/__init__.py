# SPDX-License-Identifier: Apache-2.0
"""The proof: letter.zip, read and written, and the twelve steps."""
