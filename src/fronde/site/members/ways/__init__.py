# SPDX-License-Identifier: Apache-2.0
"""Ways to prove that one works somewhere: a file each, the same three functions.  # spec: 3

identity(place, claim)                      the one identity of what somebody claims to be
begin(place, challenge, identity, host)     sends what will prove it, and keeps what that is compared with
prove(place, challenge, answer, request)    the identity that an answer proves, once, for one request

place: the workplace. challenge: 32 random bytes of the browser. host: the address that it visits. request:
the digest of what the proof is spent on. Every way ends in the same identity (the canonical mailbox, or the
line of a roster), so that ways do not add up to more tokens. What was begun leaves nothing on a disk.
"""
