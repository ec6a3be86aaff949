# SPDX-License-Identifier: Apache-2.0
"""Letters and their pages."""
