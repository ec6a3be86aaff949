# SPDX-License-Identifier: Apache-2.0
"""A member on the command line: the same HTTP interface that the browser uses."""
