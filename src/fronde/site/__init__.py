# SPDX-License-Identifier: Apache-2.0
"""The web face. Django lives here and nowhere else."""
