# SPDX-License-Identifier: Apache-2.0
"""Tokens: RFC 9474 blind RSA, RFC 9577/9578 type 0x0002, strict Ed25519, and what a member derives."""
