# SPDX-License-Identifier: Apache-2.0
"""Members: joining and enrolment."""
