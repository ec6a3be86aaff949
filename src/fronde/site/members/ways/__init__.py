# SPDX-License-Identifier: Apache-2.0
"""One file per way to become a member."""
